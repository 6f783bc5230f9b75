import { join, resolve } from "node:path";
import { checkPrivateKey } from "../ssh/private-key";
import { type ClientOptions, clientOptions } from "../ssh/client-config";
import { knownHostsName, lookupKnownHosts } from "../ssh/known-hosts";
import type { Login } from "../ssh/login";
import { durationSeconds } from "./formats";
import { type Problem, SettingsError } from "./problem";
import type { BastionSettings, Settings, SshSettings } from "./schema";

/** A login, with what tools that run OpenSSH need to know beside it, and where its host key is kept. */
export interface Route {
  readonly login: Login;
  /** The private key's file, where the login has one: OpenSSH takes paths. */
  readonly identityFile?: string;
  /** Where the accepted host keys are; a new one is written to the first of them if `learnHostKey` says so. */
  readonly knownHostsFiles: readonly string[];
  /** The name that those files know the host by, where the ssh config gives it one of its own. */
  readonly hostKeyAlias?: string;
  /** Whether those files have the key that is accepted: OpenSSH looks nowhere else. */
  readonly keyInFiles: boolean;
  /** `accept-new`, and the host is not in the known_hosts files yet. */
  readonly learnHostKey: boolean;
}

/** How one host of the settings is reached. */
export interface HostAccess extends Route {
  /** The host's name in the settings. */
  readonly name: string;
  /** Whether commands that need root go through `sudo -n`. */
  readonly sudo: boolean;
  /** How long a host that does not answer yet is waited for. */
  readonly waitSeconds: number;
  /** The way to `login.proxy`. */
  readonly bastion?: Route;
  /** What the ssh config says that is not honoured. */
  readonly notes: readonly string[];
}

/** What the settings refer to outside themselves. */
export interface Surroundings {
  /** A file's text; undefined: there is none. Throws what reading it throws otherwise. */
  read(path: string): string | undefined;
  readonly home: string;
  /** The project's folder: relative paths start here. */
  readonly project: string;
  readonly localUser: string;
  /** SSH_AUTH_SOCK, where it is set. */
  readonly agentSocket: string | undefined;
}

type LoginSettings = BastionSettings | (SshSettings & { address: string });

/** A route as settings and ssh config give it, with the hop before it. */
interface Resolved extends Route {
  readonly through?: Resolved;
  readonly notes: readonly string[];
}

/** Every host that the settings name: the nodes in their order, then the registry host if it is none of them. */
export function hostsOf(
  settings: Settings,
): { name: string; address: string; path: string; ssh: SshSettings }[] {
  const hosts = settings.nodes.map(({ name, address, ssh }, index) => {
    const path = ssh === undefined ? "ssh" : `nodes[${index}].ssh`;
    return { name, address, path, ssh: merge(settings.ssh, ssh) };
  });
  const { registry } = settings;
  if (hosts.some(({ name }) => name === registry.host)) return hosts;
  const path = registry.ssh === undefined ? "ssh" : "registry.ssh";
  const address = registry.sshAddress ?? registry.address;
  return [...hosts, { name: registry.host, address, path, ssh: merge(settings.ssh, registry.ssh) }];
}

/**
 * How each host is reached: settings first, then the ssh config, then OpenSSH's defaults.
 * @throws SettingsError with the problems of all hosts: keys that cannot be read, host keys that are not known.
 */
export function accessOf(settings: Settings, around: Surroundings): Map<string, HostAccess> {
  const problems: Problem[] = [];
  const found = new Map<string, HostAccess>();
  for (const { name, address, path, ssh } of hostsOf(settings)) {
    try {
      found.set(name, hostAccess(name, { ...ssh, address }, path, around));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problems.push({ path: error.path, reason: error.message });
    }
  }
  const different = problems.filter(
    ({ path, reason }, index) =>
      problems.findIndex((other) => other.path === path && other.reason === reason) === index,
  );
  if (different.length > 0) throw new SettingsError(different);
  return found;
}

class Refused extends Error {
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

const CREDENTIALS = [
  "privateKeyPath",
  "privateKey",
  "privateKeyPassphrase",
  "agent",
  "password",
] as const;

/** A host's own settings over the common ones. A way to log in of its own replaces the common way as a whole. */
function merge(common: SshSettings, own: SshSettings | undefined): SshSettings {
  if (own === undefined) return common;
  const base = { ...common };
  if (CREDENTIALS.some((key) => own[key] !== undefined))
    for (const key of CREDENTIALS) delete base[key];
  return { ...base, ...own };
}

function hostAccess(
  name: string,
  ssh: SshSettings & { address: string },
  path: string,
  around: Surroundings,
): HostAccess {
  const config = readClientConfig(ssh.config, path, around);
  const { through: jump, notes, ...route } = resolveLogin(name, ssh, path, config, around);
  const through = bastionOf(ssh, path, config, around) ?? jump;
  if (through?.through !== undefined) {
    throw new Refused(
      path,
      `expected one bastion before ${ssh.address}, found ${through.through.login.host} before ${through.login.host}: ` +
        "@pulumi/command goes through one; give the outer one's network a way to the host, or run this on the outer one",
    );
  }
  return {
    ...route,
    name,
    login: { ...route.login, ...(through && { proxy: through.login }) },
    sudo: ssh.sudo ?? route.login.user !== "root",
    waitSeconds: durationSeconds(ssh.wait ?? "30s") ?? 30,
    ...(through && { bastion: routeOf(through) }),
    notes: [...new Set([...notes, ...(through?.notes ?? [])])],
  };
}

function routeOf({ login, identityFile, knownHostsFiles, ...rest }: Resolved): Route {
  const { hostKeyAlias, keyInFiles, learnHostKey } = rest;
  return {
    login,
    ...(identityFile !== undefined && { identityFile }),
    knownHostsFiles,
    ...(hostKeyAlias !== undefined && { hostKeyAlias }),
    keyInFiles,
    learnHostKey,
  };
}

/** `none` reads nothing; a file that is named must be there, the default one need not. */
function readClientConfig(setting: string | undefined, path: string, around: Surroundings): string {
  if (setting === "none") return "";
  const file = expand(setting ?? "~/.ssh/config", around);
  const text = around.read(file);
  if (text === undefined && setting !== undefined) {
    throw new Refused(`${path}.config`, `expected a file at ${file}, found none`);
  }
  return text ?? "";
}

function bastionOf(
  ssh: SshSettings,
  path: string,
  config: string,
  around: Surroundings,
): Resolved | undefined {
  if (ssh.bastion === undefined) return undefined;
  const settings = inherit({ user: ssh.user, ...ssh.bastion }, ssh);
  return resolveLogin("bastion", settings, `${path}.bastion`, config, around);
}

/** What a hop does not say itself is as for the hosts behind it: the way to log in, and where host keys are known. */
function inherit(hop: BastionSettings, ssh: Omit<LoginSettings, "address">): BastionSettings {
  const own = CREDENTIALS.some((key) => hop[key] !== undefined);
  const credentials = Object.fromEntries(CREDENTIALS.map((key) => [key, ssh[key]]));
  return {
    knownHostsPath: ssh.knownHostsPath,
    strictHostKeyChecking: ssh.strictHostKeyChecking,
    ...(own ? {} : credentials),
    ...hop,
  };
}

function resolveLogin(
  name: string,
  ssh: LoginSettings,
  path: string,
  config: string,
  around: Surroundings,
  hops = 0,
): Resolved {
  const options = readOptions(config, ssh, path, around);
  const host = options.hostName ?? ssh.address;
  const port = ssh.port ?? options.port ?? 22;
  const user = ssh.user ?? options.user ?? "root";
  const known = hostKeys(ssh, options, { host, port }, path, around);
  const credential = credentialOf(ssh, options, path, around);
  const jump = jumpOf(ssh, options, path, config, around, hops);
  return {
    login: {
      name,
      host,
      port,
      user,
      ...credential.login,
      ...known.login,
    },
    ...(credential.identityFile !== undefined && { identityFile: credential.identityFile }),
    knownHostsFiles: known.files,
    ...(options.hostKeyAlias !== undefined && { hostKeyAlias: options.hostKeyAlias }),
    keyInFiles: known.inFiles,
    learnHostKey: known.learn,
    ...(jump && { through: jump }),
    notes: [...options.notes, ...(jump?.notes ?? [])],
  };
}

function readOptions(
  config: string,
  ssh: LoginSettings,
  path: string,
  around: Surroundings,
): ClientOptions {
  const { home, localUser } = around;
  try {
    return clientOptions(config, ssh.address, {
      home,
      localUser,
      ...(ssh.user !== undefined && { user: ssh.user }),
    });
  } catch (error) {
    throw new Refused(`${path}.config`, (error as Error).message);
  }
}

/** More bastions than anybody has, one behind the other. */
const MOST_HOPS = 8;

/** ProxyJump of the ssh config: each hop resolved by the same file, the last hop nearest to the host. */
function jumpOf(
  ssh: LoginSettings,
  options: ClientOptions,
  path: string,
  config: string,
  around: Surroundings,
  hops: number,
): Resolved | undefined {
  if (hops > MOST_HOPS)
    throw new Refused(`${path}.config`, `ProxyJump of ${ssh.address} goes round in circles`);
  let through: Resolved | undefined;
  for (const hop of options.proxyJump ?? []) {
    const match = /^(?:([^@]+)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(hop);
    if (match === null)
      throw new Refused(`${path}.config`, `ProxyJump ${hop}: expected [user@]host[:port]`);
    const [, user, address = "", port] = match;
    const settings: BastionSettings = {
      address: address.replace(/^\[|\]$/g, ""),
      ...(user !== undefined && { user }),
      ...(port !== undefined && { port: Number(port) }),
    };
    // `Host *` with a ProxyJump applies to the bastion as well: it is reached directly all the same, as ssh does.
    if (settings.address === ssh.address) continue;
    const next = resolveLogin(hop, inherit(settings, ssh), path, config, around, hops + 1);
    through = { ...next, ...(through && { through }) };
  }
  return through;
}

function credentialOf(
  ssh: LoginSettings,
  options: ClientOptions,
  path: string,
  around: Surroundings,
): { login: Partial<Login>; identityFile?: string } {
  if (ssh.password !== undefined) return { login: { password: ssh.password } };
  const passphrase = ssh.privateKeyPassphrase;
  if (ssh.privateKey !== undefined) {
    check(ssh.privateKey, passphrase, `${path}.privateKey`, "the setting");
    return { login: key(ssh.privateKey, passphrase) };
  }
  if (ssh.agent === true) return agentOf(options, path, around);
  const file =
    ssh.privateKeyPath !== undefined
      ? expand(ssh.privateKeyPath, around)
      : options.identityFiles.find((each) => around.read(each) !== undefined);
  if (file === undefined) {
    throw new Refused(
      path,
      "expected a way to log in: privateKeyPath, privateKey, agent: true or password (or an IdentityFile of the ssh config), found none",
    );
  }
  const where = ssh.privateKeyPath !== undefined ? `${path}.privateKeyPath` : path;
  const text = around.read(file);
  if (text === undefined)
    throw new Refused(where, `expected a private key at ${file}, found no such file`);
  check(text, passphrase, where, file);
  return { login: key(text, passphrase), identityFile: file };
}

function key(privateKey: string, passphrase: string | undefined): Partial<Login> {
  return { privateKey, ...(passphrase !== undefined && { privateKeyPassphrase: passphrase }) };
}

function check(text: string, passphrase: string | undefined, path: string, where: string): void {
  try {
    checkPrivateKey(text, passphrase, where);
  } catch (error) {
    throw new Refused(path, (error as Error).message);
  }
}

function agentOf(
  options: ClientOptions,
  path: string,
  around: Surroundings,
): { login: Partial<Login> } {
  const named = options.identityAgent;
  const socket =
    named === undefined || named === "SSH_AUTH_SOCK" ? around.agentSocket : expand(named, around);
  if (socket === undefined || socket === "none") {
    throw new Refused(
      `${path}.agent`,
      "expected a running ssh-agent, found no SSH_AUTH_SOCK in the environment",
    );
  }
  return { login: { agentSocket: socket } };
}

function hostKeys(
  ssh: LoginSettings,
  options: ClientOptions,
  { host, port }: { host: string; port: number },
  path: string,
  around: Surroundings,
): { login: Partial<Login>; files: string[]; inFiles: boolean; learn: boolean } {
  const setting = ssh.knownHostsPath;
  const own = join(around.home, ".ssh", "known_hosts");
  const files =
    setting !== undefined
      ? [expand(setting, around)]
      : (options.userKnownHostsFiles ?? [own]).map((file) => expand(file, around));
  if (files.length === 0) files.push(own);
  // As OpenSSH has it: an alias stands for the address and the port.
  const name = options.hostKeyAlias ?? host;
  const knownPort = options.hostKeyAlias === undefined ? port : 22;
  const found = files.map((each) => lookupKnownHosts(around.read(each) ?? "", name, knownPort));
  const keys = found.flatMap((each) => each.keys);
  if (ssh.hostKey !== undefined) {
    const key = bareKey(ssh.hostKey);
    return { login: { hostKeys: [key] }, files, inFiles: keys.includes(key), learn: false };
  }
  if (keys.length > 0) return { login: { hostKeys: keys }, files, inFiles: true, learn: false };

  const policy = ssh.strictHostKeyChecking ?? options.strictHostKeyChecking;
  if (policy === "accept-new")
    return { login: { hostKeyPolicy: "accept-any" }, files, inFiles: false, learn: true };
  const notes = found.flatMap((each) => each.notes).map((note) => ` (${note})`);
  throw new Refused(
    path,
    `expected the host key of ${knownHostsName(name, knownPort)} in ${files.join(" or ")}, found none${notes.join("")}. ` +
      `Log in once with ssh and compare the key, or set hostKey, or strictHostKeyChecking: accept-new`,
  );
}

/** Type and key alone: a comment behind them says nothing. */
function bareKey(line: string): string {
  return line.split(/\s+/).slice(0, 2).join(" ");
}

/** A path of the settings, made absolute. */
export function expand(
  path: string,
  { home, project }: Pick<Surroundings, "home" | "project">,
): string {
  if (path === "~" || path.startsWith("~/")) return join(home, path.slice(1));
  return resolve(project, path);
}
