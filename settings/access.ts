import { type ClientOptions, clientOptions } from "../ssh/client-config";
import { type ConfigLine, defaultSources, namedSource, readConfig } from "../ssh/config-file";
import { limits } from "../ssh/dial";
import type { Login } from "../ssh/login";
import { credentialOf } from "./credentials";
import { durationSeconds } from "./formats";
import { hostKeysOf } from "./host-keys";
import { type Problem, SettingsError } from "./problem";
import { blaming, Refused } from "./refused";
import type { BastionSettings, Settings, SshSettings } from "./schema";
import { expand, filesOf, type Surroundings } from "../ssh/surroundings";

/** A login, the data that OpenSSH needs for the same login, and the files that hold the host key. */
export interface Route {
  readonly login: Login;
  /** The private key's file, where the login has one: OpenSSH takes paths. */
  readonly identityFile?: string;
  /** The files of the public keys that select keys of the agent, if there is a selection. */
  readonly agentIdentityFiles?: readonly string[];
  /** The files with the accepted host keys. If `learnHostKey` is true, a new key is written to the first of them. */
  readonly knownHostsFiles: readonly string[];
  /** The machine's own known_hosts files, if the ssh config names others than the default ones. */
  readonly globalKnownHostsFiles?: readonly string[];
  /** The ssh config's list of revoked keys. */
  readonly revokedHostKeysFile?: string;
  /** The name of the host in those files, if the ssh config sets HostKeyAlias. */
  readonly hostKeyAlias?: string;
  /** Whether those files contain the accepted key. OpenSSH reads host keys from files only. */
  readonly keyInFiles: boolean;
  /** True for `accept-new` with a host that is not in the known_hosts files yet. */
  readonly learnHostKey: boolean;
  /** The route to `login.proxy`. */
  readonly bastion?: Route;
}

/** How one host of the settings is reached. */
export interface HostAccess extends Route {
  /** The host's name in the settings. */
  readonly name: string;
  /** Whether commands that need root go through `sudo -n`. */
  readonly sudo: boolean;
  /** How long to wait for a host that does not answer yet. */
  readonly waitSeconds: number;
  /** Options of the ssh config that are not honoured. */
  readonly notes: readonly string[];
}

type LoginSettings = BastionSettings | (SshSettings & { address: string });

/** A route from the settings and the ssh config, with the hop before it. */
interface Resolved extends Omit<Route, "bastion"> {
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
 * @param isKnown  whether a host's settings are known; the others are left out
 * @throws SettingsError with the problems of all hosts: keys that cannot be read, host keys that are not known.
 */
export function accessOf(
  settings: Settings,
  around: Surroundings,
  isKnown: (host: string) => boolean = () => true,
): Map<string, HostAccess> {
  return accessOrProblem(settings, around, isKnown, () => false).access;
}

/** As {@link accessOf}, but the problem of a host that may lack its access is no error: it is returned, by the host's name. */
export function accessOrProblem(
  settings: Settings,
  around: Surroundings,
  isKnown: (host: string) => boolean,
  mayLack: (host: string) => boolean,
): { access: Map<string, HostAccess>; lacking: Map<string, Error> } {
  const problems: Problem[] = [];
  const lacking = new Map<string, Error>();
  const found = new Map<string, HostAccess>();
  for (const { name, address, path, ssh } of hostsOf(settings)) {
    if (!isKnown(name)) continue;
    try {
      found.set(name, hostAccess(name, { ...ssh, address }, path, around));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (mayLack(name)) lacking.set(name, new Error(`${error.path}: ${error.message}`));
      else problems.push({ path: error.path, reason: error.message });
    }
  }
  const different = problems.filter(
    ({ path, reason }, index) =>
      problems.findIndex((other) => other.path === path && other.reason === reason) === index,
  );
  if (different.length > 0) throw new SettingsError(different);
  return { access: found, lacking };
}

const CREDENTIALS = [
  "privateKeyPath",
  "privateKey",
  "privateKeyPassphrase",
  "agent",
  "password",
] as const;

/**
 * Merges a host's own settings over the common ones. If the host has its own way to log in, it replaces the common one
 * as a whole.
 */
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
  const own = bastionOf(ssh, path, config, around);
  const { through: jump, ...host } = resolveLogin(name, ssh, path, config, around, {
    hops: 0,
    direct: own !== undefined,
  });
  const through = own === "none" ? undefined : (own ?? jump);
  return {
    ...routeOf({ ...host, ...(through && { through }) }),
    name,
    sudo: ssh.sudo ?? host.login.user !== "root",
    waitSeconds: durationSeconds(ssh.wait ?? "30s") ?? 30,
    notes: [...new Set([...host.notes, ...notesBefore(through)])],
  };
}

/** With the routes of all hops before it. */
function routeOf({ through, notes: _notes, ...route }: Resolved): Route {
  if (through === undefined) return route;
  const bastion = routeOf(through);
  return { ...route, login: { ...route.login, proxy: bastion.login }, bastion };
}

function notesBefore(hop: Resolved | undefined): readonly string[] {
  return hop === undefined ? [] : [...hop.notes, ...notesBefore(hop.through)];
}

/** `none` reads no file. A named file must exist, and is then the only one, as with `ssh -F`. */
function readClientConfig(
  setting: string | undefined,
  path: string,
  around: Surroundings,
): ConfigLine[] {
  if (setting === "none") return [];
  const { home } = around;
  const files = filesOf(around);
  if (setting === undefined)
    return blaming(`${path}.config`, () => readConfig(defaultSources(home), home, files));
  const file = expand(setting, around);
  if (around.read(file) === undefined)
    throw new Refused(`${path}.config`, `expected a file at ${file}, found none`);
  return blaming(`${path}.config`, () => readConfig(namedSource(file, home), home, files));
}

/** The last hop of the settings, with those before it. Each is reached through the one before it, the first as ssh would. */
function bastionOf(
  ssh: SshSettings,
  path: string,
  config: readonly ConfigLine[],
  around: Surroundings,
): Resolved | "none" | undefined {
  const { bastion } = ssh;
  if (bastion === undefined || bastion === "none") return bastion;
  let through: Resolved | undefined;
  for (const [index, hop] of [bastion].flat().entries()) {
    const settings = inherit({ user: ssh.user, ...hop }, ssh);
    const at = Array.isArray(bastion) ? `${path}.bastion[${index}]` : `${path}.bastion`;
    const way = { hops: 0, direct: index > 0 };
    const next = resolveLogin("bastion", settings, at, config, around, way);
    through = { ...next, ...(through && { through }) };
  }
  return through;
}

/**
 * A hop inherits the way to log in, the known_hosts settings and the time limits from the hosts behind it, unless it has its
 * own.
 */
function inherit(hop: BastionSettings, ssh: Omit<LoginSettings, "address">): BastionSettings {
  const own = CREDENTIALS.some((key) => hop[key] !== undefined);
  const credentials = Object.fromEntries(CREDENTIALS.map((key) => [key, ssh[key]]));
  return {
    knownHostsPath: ssh.knownHostsPath,
    strictHostKeyChecking: ssh.strictHostKeyChecking,
    connectTimeout: ssh.connectTimeout,
    keepAlive: ssh.keepAlive,
    ...(own ? {} : credentials),
    ...hop,
  };
}

function resolveLogin(
  name: string,
  ssh: LoginSettings,
  path: string,
  config: readonly ConfigLine[],
  around: Surroundings,
  way: { hops: number; direct: boolean } = { hops: 0, direct: false },
): Resolved {
  const options = readOptions(config, ssh, path, around);
  const host = options.hostName ?? ssh.address;
  const port = ssh.port ?? options.port ?? 22;
  const user = ssh.user ?? options.user ?? "root";
  const known = hostKeysOf(ssh, options, { host, port }, path, around);
  const { login, ...credential } = credentialOf(ssh, options, path, around);
  // A bastion in the settings overrides ProxyJump and ProxyCommand of the ssh config.
  const jump = way.direct ? undefined : jumpOf(ssh, options, path, config, around, way.hops);
  return {
    login: { name, host, port, user, ...login, ...known.login, ...limitsOf(ssh, options) },
    ...credential,
    ...known.files,
    ...(options.hostKeyAlias !== undefined && { hostKeyAlias: options.hostKeyAlias }),
    keyInFiles: known.inFiles,
    learnHostKey: known.learn,
    ...(jump && { through: jump }),
    notes: [...options.notes, ...notesOf(ssh, options, login), ...(jump?.notes ?? [])],
  };
}

/** Time limits that differ from the defaults. */
function limitsOf(
  ssh: LoginSettings,
  options: ClientOptions,
): Pick<Login, "limits" | "sharedLimits"> {
  const seconds = (text = "") => durationSeconds(text);
  const connect = seconds(ssh.connectTimeout);
  const alive = seconds(ssh.keepAlive);
  const shared = limits(connect && Math.ceil(connect), alive);
  // An interval of 0 switches keepalives off in ssh. A dead link that nobody notices would hold a run up for ever.
  const all = {
    ...limits(options.connectTimeout, options.serverAliveInterval, options.serverAliveCountMax),
    ...shared,
  };
  return {
    ...(Object.keys(all).length > 0 && { limits: all }),
    ...(Object.keys(shared).length > 0 && { sharedLimits: shared }),
  };
}

/** Options of the ssh config that are honoured only in part. */
function notesOf(ssh: LoginSettings, options: ClientOptions, login: Partial<Login>): string[] {
  const careless =
    options.strictHostKeyChecking === "no" && ssh.strictHostKeyChecking === undefined;
  return [
    ...(careless ? ["StrictHostKeyChecking no is ignored: host keys are always verified"] : []),
    ...(login.agentKeys?.only === true
      ? [
          "reading hosts and Docker offer only the selected keys of the agent; @pulumi/command offers all of its keys, in the agent's order",
        ]
      : []),
    ...(login.notOffered ?? []).map((what) => `not offered: ${what}`),
  ];
}

function readOptions(
  config: readonly ConfigLine[],
  ssh: LoginSettings,
  path: string,
  around: Surroundings,
): ClientOptions {
  const { home, localUser, localHost } = around;
  return blaming(`${path}.config`, () =>
    clientOptions(config, ssh.address, {
      home,
      localUser,
      defaultUser: "root",
      env: (name) => around.env?.(name),
      ...(localHost !== undefined && { localHost }),
      ...(ssh.user !== undefined && { user: ssh.user }),
      ...(ssh.port !== undefined && { port: ssh.port }),
    }),
  );
}

/** A longer chain of bastions is a loop. */
const MOST_HOPS = 8;

/** ProxyJump of the ssh config: each hop resolved by the same file, the last hop nearest to the host. */
function jumpOf(
  ssh: LoginSettings,
  options: ClientOptions,
  path: string,
  config: readonly ConfigLine[],
  around: Surroundings,
  hops: number,
): Resolved | undefined {
  if (hops > MOST_HOPS)
    throw new Refused(`${path}.config`, `ProxyJump of ${ssh.address} is a loop`);
  if (options.proxyCommand !== undefined)
    throw new Refused(
      `${path}.config`,
      `expected ProxyJump (or ProxyCommand ssh -W %h:%p [USER@]BASTION) for ${ssh.address}, found ProxyCommand ${options.proxyCommand}: ` +
        "@pulumi/command cannot run it; name the bastion with ProxyJump or in ssh.bastion",
    );
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
    // A ProxyJump under `Host *` applies to the bastion as well. Like ssh, reach the bastion directly.
    if (settings.address === ssh.address) continue;
    const next = resolveLogin(hop, inherit(settings, ssh), path, config, around, {
      hops: hops + 1,
      direct: false,
    });
    through = { ...next, ...(through && { through }) };
  }
  return through;
}
