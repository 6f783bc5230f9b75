import { CONTAINER_NAME, OWNER_LABEL, UI_CONTAINER_NAME } from "../helper/commands";
import type { Daemon } from "../helper/payload";
import type { Seen, Surveyed } from "../observation/hosts";
import type { Observation } from "../observation/observation";
import type { RecordIds } from "../observation/records";
import { describeProblem, proxyProblem } from "../patch";
import type { Route } from "../settings/access";
import { cachesOf } from "../settings/caches";
import { settingsOn } from "../settings/node";
import type { Settings } from "../settings/schema";
import { knownHostsName } from "../ssh/known-hosts";
import { type Decision, enrolledId } from "./decide";
import { forwardingProblem } from "./forwarding";
import { obstacles } from "./obstacles";
import { planPage } from "./page";
import { imagePrefix, planInsecureRegistry, planMirror } from "./plan";
import { isDockerStopped } from "./registry";
import { processProxies } from "./sourced-lines";
import { calendarProblem, planTimer } from "./timer";
import type { WholeFile } from "./whole-files";

/** A kind of change on a host, which may have obstacles there. */
export type Task = "mirror" | "daemonJson" | "container" | "page" | "timer";
const ALL_TASKS: readonly Task[] = ["mirror", "daemonJson", "container", "page", "timer"];

/**
 * All problems, host by host, before anything is declared: hosts that could not be observed, files that cannot be
 * edited with certainty, a container of somebody else. Empty if there are none.
 *
 * @param page the files of the registry's page
 * @param timer the files of its timer
 */
export function refusals(
  settings: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
  ids: RecordIds,
  tasks = ALL_TASKS,
  page: readonly WholeFile[] = [],
  timer: readonly WholeFile[] = [],
): Problem[] {
  const found: Problem[] = [];
  for (const [name, host] of surveyed) {
    if ("error" in host) found.push({ host: name, reason: host.error.message });
    else {
      const attempt = (what: () => unknown): void => {
        try {
          what();
        } catch (error) {
          const planned = error instanceof Obstacle;
          found.push({ host: name, reason: (error as Error).message, ...(planned && { planned }) });
        }
      };
      if (tasks.includes("mirror") && settings.nodes.some((node) => node.name === name)) {
        attempt(() => {
          const decision = planMirror(
            host.observation,
            settingsOn(settings, name),
            ids.mirror(name),
          );
          refuseObstacles(host.observation, "containerd", decision, settings);
        });
      }
      if (settings.registry.host === name) {
        if (tasks.includes("daemonJson"))
          attempt(() => {
            const decision = planInsecureRegistry(host.observation, settings, ids.daemonJson);
            refuseObstacles(host.observation, "docker", decision, settings);
          });
        if (tasks.includes("container")) attempt(() => checkRegistryHost(host, settings, ids));
        if (tasks.includes("page") && page.length > 0)
          attempt(() => {
            if (!tasks.includes("container")) checkDocker(host, settings);
            checkPage(host.observation, settings, ids.page, page);
          });
        if (tasks.includes("timer") && timer.length > 0)
          attempt(() => checkTimer(host.observation, settings, ids.timer, timer));
      }
    }
  }
  return [...found, ...sharedEnrolments(surveyed)];
}

/** Obstacles for a change of a daemon's files on this host, and a proxy in the environment of its process. */
function refuseObstacles(
  observation: Observation,
  daemon: Exclude<Daemon, "page" | "timer">,
  decision: Decision,
  settings: Settings,
): void {
  const service = observation[daemon]?.service;
  const proxy = proxyProblem(
    `http://${imagePrefix(settings)}`,
    service === undefined ? [] : processProxies(service),
  );
  const found = [
    ...obstacles(observation, daemon, decision),
    ...(proxy === undefined ? [] : [describeProblem(proxy)]),
  ];
  if (found.length > 0) throw new Obstacle(found.join("\n"));
}

/** An obstacle for a change that is known: a preview still shows the change. */
class Obstacle extends Error {}

/** Obstacles for RegistryUi on this host. */
function checkPage(
  observation: Observation,
  settings: Settings,
  id: string,
  page: readonly WholeFile[],
): void {
  const other = stranger(observation, UI_CONTAINER_NAME, id);
  if (other !== undefined)
    throw new Error(
      `${other.text}: ${other.isByHand ? "remove or rename it" : "one registry host has one page"}`,
    );
  const found = obstacles(observation, "page", planPage(observation, settings, id, page));
  if (found.length > 0) throw new Obstacle(found.join("\n"));
}

/** Obstacles for RegistryGcTimer on this host. */
function checkTimer(
  observation: Observation,
  settings: Settings,
  id: string,
  files: readonly WholeFile[],
): void {
  const problem = calendarProblem(settings, observation);
  const found = [
    ...(problem === undefined ? [] : [problem]),
    ...obstacles(observation, "timer", planTimer(observation, settings, id, files, false)),
  ];
  if (found.length > 0) throw new Obstacle(found.join("\n"));
}

/** Obstacles for whatever uses Docker on this host. */
function checkDocker({ access, observation }: Seen, settings: Settings): void {
  checkOpenSsh(access, "a login");
  for (let { bastion } = access; bastion !== undefined; { bastion } = bastion)
    checkOpenSsh(bastion, "a login at the bastion");
  checkInstall(observation, settings.docker);
  checkSocket(observation, access.login.user);
  checkDockerUnit(observation);
}

/** Obstacles for RegistryContainer on this host. */
function checkRegistryHost(host: Seen, settings: Settings, ids: RecordIds): void {
  checkDocker(host, settings);
  const { observation } = host;
  const { docker } = observation;
  const starts = docker?.version === undefined || isDockerStopped(docker);
  const forwarding = starts ? forwardingProblem(settings, observation) : undefined;
  if (forwarding !== undefined) throw new Obstacle(forwarding);
  checkCaches(observation, settings, ids);
  const container = observation.docker?.containers?.find(({ name }) => name === CONTAINER_NAME);
  if (
    container === undefined ||
    container.labels[OWNER_LABEL] === ids.container ||
    settings.registry.adopt
  )
    return;
  const owner = container.labels[OWNER_LABEL];
  const ports = container.ports.length === 0 ? "no ports" : container.ports.join(", ");
  throw new Error(
    owner === undefined
      ? `expected no container named ${CONTAINER_NAME}, found one that was made by hand (${container.image}, ${ports}): ` +
          "set registry.adopt: true to take it over with its images, or remove it"
      : `expected no container named ${CONTAINER_NAME}, found that of ${owner} (${ports}): one registry host serves one stack`,
  );
}

/** A container of somebody else at the place of a cache. */
function checkCaches(observation: Observation, settings: Settings, ids: RecordIds): void {
  for (const [index, { container, port }] of cachesOf(settings).entries()) {
    const other = stranger(observation, container, ids.cache(port));
    if (other !== undefined)
      throw new Error(
        `${other.text}: remove or rename it, or choose another port for caches[${index}]`,
      );
  }
}

/** A container that has the name and belongs to somebody else; undefined if there is none. */
function stranger({ docker }: Observation, name: string, id: string) {
  const found = docker?.containers?.find((one) => one.name === name);
  const owner = found?.labels[OWNER_LABEL];
  if (found === undefined || owner === id) return undefined;
  const isByHand = owner === undefined;
  const whose = isByHand ? `one that was made by hand (${found.image})` : `that of ${owner}`;
  return { isByHand, text: `expected no container named ${name}, found ${whose}` };
}

/**
 * `up` starts a stopped Docker. A Docker that cannot be started, or does not answer, is found before anything is
 * changed.
 */
function checkDockerUnit({ docker }: Observation): void {
  if (docker?.version === undefined) return;
  const { enabled, active } = docker.service;
  if (isDockerStopped(docker) && enabled.startsWith("masked")) {
    throw new Error(
      `docker.service is ${enabled} and ${active}, so up cannot start it: run \`systemctl unmask docker.service\` there`,
    );
  }
  if (!isDockerStopped(docker) && docker.containers === undefined) {
    throw new Error(
      "docker.service is running but does not answer on /var/run/docker.sock: " +
        "see `systemctl status docker` there",
    );
  }
}

/**
 * @pulumi/docker runs OpenSSH, which takes a key's path or an agent, reads host keys from files, and cannot ask for
 * anything.
 */
function checkOpenSsh(route: Route, what: string): void {
  const { login, identityFile, keyInFiles, knownHostsFiles, hostKeyAlias } = route;
  const found =
    login.password !== undefined
      ? "one by password"
      : login.privateKey !== undefined && identityFile === undefined
        ? "one by privateKey"
        : login.privateKeyPassphrase !== undefined
          ? "a key with a passphrase"
          : undefined;
  if (found !== undefined) {
    throw new Error(
      `expected ${what} by agent, or by privateKeyPath and a key without a passphrase, found ${found}: ` +
        "@pulumi/docker runs ssh, which takes no secrets (ssh-add the key and set agent: true)",
    );
  }
  if (keyInFiles) return;
  const name = hostKeyAlias ?? knownHostsName(login.host, login.port);
  const [key = ""] = login.hostKeys ?? [];
  throw new Error(
    `expected the host key of ${name} in ${knownHostsFiles.join(" or ")}, found it in ssh.hostKey alone: ` +
      `@pulumi/docker runs ssh, which takes host keys from files only; add the line '${name} ${key}' there`,
  );
}

/** If Docker is missing, the settings must allow its installation. */
function checkInstall(observation: Observation, source: Settings["docker"]): void {
  const problem = dockerProblem(observation, source);
  if (problem !== undefined) throw new Error(problem);
}

/**
 * The reason why Docker is missing and will stay missing; undefined if there is none. @param source `none` if nothing
 * installs it
 */
export function dockerProblem(
  { docker, apt }: Observation,
  source: Settings["docker"] | "none",
): string | undefined {
  if (docker?.version !== undefined) return undefined;
  if (source === "none")
    return "docker is not installed on this host: declare a DockerHost for it, and name that in dependsOn of this component";
  if (source === "present")
    return "docker is not installed on this host (docker: present): install it, or set docker: apt";
  return apt
    ? undefined
    : "cannot install docker, because this host has no apt-get: install docker by hand and set docker: present";
}

function checkSocket({ docker }: Observation, user: string): void {
  if (user === "root" || docker?.loginReachesSocket === true) return;
  const installed = docker?.version !== undefined;
  throw new Error(
    `the user ${user} cannot access Docker's socket${installed ? "" : " (Docker is not installed yet)"}: ` +
      `log in as root on this host, or ${installed ? "" : "install docker.io and "}run 'usermod -aG docker ${user}' there`,
  );
}

/** An obstacle on one host. */
export interface Problem {
  readonly host: string;
  readonly reason: string;
  /** The change there is known, but cannot be made yet. */
  readonly planned?: boolean;
}

/** Two names for one host would patch it twice, and each would undo the other's patch. */
function sharedEnrolments(surveyed: ReadonlyMap<string, Surveyed>): Problem[] {
  const byId = new Map<string, string>();
  const found: Problem[] = [];
  for (const [name, host] of surveyed) {
    if ("error" in host) continue;
    const id = enrolledId(host.observation);
    const other = byId.get(id);
    if (other === undefined) byId.set(id, name);
    else {
      const reason = `this is the same host as ${other} (enrolment ${id}): remove one of them from the configuration`;
      found.push({ host: name, reason });
    }
  }
  return found;
}
