import type { Daemon } from "./payload";

/** The only path of the helper on a host. sudo can be limited to it. */
export const HELPER = "/var/lib/cluster-registry/helper";

/** Debian's packages with the tools that a host needs, in words. helper/shell/00-start.sh says it too. */
export const TOOL_PACKAGES =
  "coreutils, diffutils, findutils, grep, gzip, mawk, sed, util-linux and systemd";

/** The name of the registry's container on its host. */
export const CONTAINER_NAME = "registry";

/** The name of the page's container on the registry's host. */
export const UI_CONTAINER_NAME = "registry-ui";

/** The folder with the page and its server's configuration on the registry's host. */
export const UI_FOLDER = "/var/lib/cluster-registry-ui";

/** The folder with the programs of the registry's timer on the registry's host. */
export const GC_FOLDER = "/var/lib/cluster-registry-gc";

/** The unit that cleans up on the registry's host alone. The timer of the same name starts it. */
export const GC_SERVICE = "cluster-registry-gc.service";
export const GC_TIMER = "cluster-registry-gc.timer";

/** The label by which the helper finds our container. Its value is the id given to `containerClaim`. */
export const OWNER_LABEL = "io.cluster-registry.owner";

/**
 * The label that names the state that created a container, so that two operators with separate states do not take it
 * from each other.
 */
export const STATE_LABEL = "io.cluster-registry.state";

const HOME = "/var/lib/cluster-registry";

/**
 * The name of a resource's record on a host. Two stacks, or two resources, never share one.
 *
 * @throws Error if a part has characters other than letters, digits, dots, dashes and underscores.
 */
export function recordId(project: string, stack: string, resource: string): string {
  const id = [project, stack.split("/").pop() ?? stack, resource].join(".");
  word("id", id);
  if (id.length > 160) throw new Error(`expected a record id of at most 160 characters: ${id}`);
  return id;
}

/**
 * Guard's create: installs the helper (it comes on stdin, packed) and takes the first copy of the daemon's file. If sudo
 * allows only the installed helper, that one runs.
 */
export function guardCreate(a: {
  sudo: boolean;
  id: string;
  enrolled: string;
  daemon: Daemon;
}): string {
  const verb = `guard ${word("id", a.id)} ${word("enrolled", a.enrolled)} ${word("daemon", a.daemon)}`;
  const upload = `${HOME}/.helper.$$.XXXXXXXX`;
  // No `exec` here: the script removes the uploaded text in any case, whether the guard fails or the upload is
  // incomplete.
  const arrived = (sudo: string) =>
    `|| { ${sudo}rm -f $t; exit 1; }; ` +
    `if ${sudo}grep -q cluster-registry $t; then ${sudo}sh $t ${verb}; ` +
    `else echo "expected the text of the helper on stdin; found none" >&2; false; fi; ` +
    `c=$?; ${sudo}rm -f $t; ${sudo}rmdir ${HOME} 2>/dev/null; exit $c`;
  return a.sudo
    ? sh(
        `sudo -n true 2>/dev/null || exec sudo -n ${HELPER} ${verb}; ` +
          `sudo -n mkdir -p -m 0700 ${HOME} && t=$(sudo -n mktemp ${upload}) && ` +
          `sudo -n tee $t >/dev/null ${arrived("sudo -n ")}`,
      )
    : sh(
        `umask 077; mkdir -p -m 0700 ${HOME} && t=$(mktemp ${upload}) && ` +
          `cat >$t ${arrived("")}`,
      );
}

/** Guard's delete: undoes the changes of the host. Does nothing if the helper is not installed. */
export function guardDelete(a: { sudo: boolean; id: string }): string {
  return sh(`if test -d ${HOME}; then ${installed(a.sudo, "undo", a.id)}; fi`);
}

/**
 * Apply's create. The payload comes on stdin. The command is constant, so that an error that quotes it shows no secret.
 */
export function applyCreate(a: { sudo: boolean; id: string }): string {
  return sh(installed(a.sudo, "apply", a.id));
}

/** Prints a preview of the guard's delete and changes nothing. The packed helper comes on stdin. */
export function wouldUndoCommand(a: { sudo: boolean; id: string }): string {
  return carried(a.sudo, "would-undo", a.id);
}

/** Where docker comes from: apt, a folder of packages on the host, or nowhere (it must be installed already). */
export type DockerSource = "apt" | "present" | { packages: string };

/** Installs docker.io if it is missing. The packed helper comes on stdin. */
export function dockerInstall(a: { sudo: boolean; source: DockerSource }): string {
  return typeof a.source === "string"
    ? carried(a.sudo, "docker-install", a.source)
    : carried(a.sudo, "docker-install", "packages", path(a.source.packages));
}

/**
 * Claims the place of the registry's container (create). The packed helper comes on stdin. Prints `{}` or the mount to
 * reuse.
 */
export function containerClaim(a: {
  sudo: boolean;
  id: string;
  name: string;
  adopt: boolean;
}): string {
  return carried(a.sudo, "container-claim", a.id, a.name, ...(a.adopt ? ["adopt"] : []));
}

/** Repeats the claim's output (update), and leaves our own container alone. On another host, it is a claim. */
export function containerClaimed(a: {
  sudo: boolean;
  id: string;
  name: string;
  adopt: boolean;
}): string {
  return carried(a.sudo, "container-claimed", a.id, a.name, ...(a.adopt ? ["adopt"] : []));
}

/** Restores the name of the adopted container (delete). The packed helper comes on stdin. */
export function containerRelease(a: { sudo: boolean; id: string; name: string }): string {
  return carried(a.sudo, "container-release", a.id, a.name);
}

/** Removes a container of this stack that no state knows. The packed helper comes on stdin. */
export function containerLeftover(a: { sudo: boolean; id: string; container: string }): string {
  return carried(a.sudo, "container-leftover", a.id, a.container);
}

/** Starts docker if it is stopped. The packed helper comes on stdin. */
export function dockerStart(a: { sudo: boolean }): string {
  return carried(a.sudo, "docker-start");
}

/** Checks from the host whether http://address:port/v2/ answers. The packed helper comes on stdin. */
export function reach(a: { sudo: boolean; address: string; port: number }): string {
  return carried(a.sudo, "reach", a.address, String(a.port));
}

/** Checks from the host whether the page answers at http://address:port. The packed helper comes on stdin. */
export function pageAnswers(a: { sudo: boolean; address: string; port: number }): string {
  return carried(a.sudo, "reach", a.address, String(a.port), "page");
}

/**
 * The command for an observation; the program and its inputs come on stdin. It passes on whether the login itself can
 * use docker's socket, because sudo would hide that.
 */
export function observeCommand(sudo: boolean): string {
  // If docker is stopped or not installed, the socket does not exist. Then the group decides.
  const socket =
    "w=no; test -w /var/run/docker.sock && w=yes; " +
    'test -e /var/run/docker.sock || case " $(id -nG) " in *" docker "*) w=yes;; esac; ';
  if (!sudo) return sh(`${socket}exec sh -s observe $w`);
  return sh(
    `${socket}if sudo -n true 2>/dev/null; then exec sudo -n sh -s observe $w; fi; ` +
      `if sudo -n -l ${HELPER} >/dev/null 2>&1; then exec sudo -n ${HELPER} observe $w; fi; ` +
      `echo; echo "cluster-registry-observation 2"; echo "refused $(LC_ALL=C sudo -n true 2>&1 | head -n 1)"; echo end`,
  );
}

/**
 * A script that calls a verb of the installed helper. It runs `sh HELPER`, because /var may be mounted noexec, unless
 * sudo allows only the helper.
 */
function installed(sudo: boolean, ...words: string[]): string {
  const verb = [HELPER, ...words.map((one) => word("word", one))].join(" ");
  return sudo
    ? `if sudo -n true 2>/dev/null; then exec sudo -n sh ${verb}; fi; exec sudo -n ${verb}`
    : `exec sh ${verb}`;
}

/** Calls a verb of the helper that comes on stdin, or of the installed one if sudo allows only that. */
function carried(sudo: boolean, ...words: string[]): string {
  const verb = words.map((one) => word("word", one)).join(" ");
  return sudo
    ? sh(
        `if sudo -n true 2>/dev/null; then exec sudo -n sh -s ${verb}; fi; exec sudo -n ${HELPER} ${verb}`,
      )
    : `sh -s ${verb}`;
}

/** A script for the POSIX shell, for any login shell: single quotes mean the same in sh, csh and fish. */
function sh(script: string): string {
  if (/['\n!\\]/.test(script)) throw new Error(`not safe in every login shell: ${script}`);
  return `sh -c '${script}'`;
}

/** A word without any special character for a shell. */
function word(what: string, text: string): string {
  if (!/^[A-Za-z0-9/_.:][A-Za-z0-9/_.:+-]*$/.test(text)) {
    throw new Error(
      `${what}: expected letters, digits, dots, dashes and underscores; found ${JSON.stringify(text)}`,
    );
  }
  return text;
}

function path(text: string): string {
  if (!text.startsWith("/")) throw new Error(`expected an absolute path; found "${text}"`);
  return word("path", text);
}
