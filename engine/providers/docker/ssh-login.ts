import { appendFile, mkdir } from "node:fs/promises";
import { homedir, hostname, userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type ClientOptions, clientOptions } from "../../../ssh/client-config";
import { type ConfigLine, defaultSources, namedSource, readConfig } from "../../../ssh/config-file";
import { certificateBeside, publicHalf, readIdentity } from "../../../ssh/identity";
import { knownHostsLine } from "../../../ssh/known-hosts";
import { hostKeyFiles, knownKeys } from "../../../ssh/known-keys";
import { listFolder, readIfThere } from "../../../ssh/local-files";
import type { Login } from "../../../ssh/login";
import { checkPrivateKey } from "../../../ssh/private-key";
import { parseProxyCommand, parseSshOptions } from "./ssh-options";

/** What logging in depends on beside the provider's settings; read from the process outside of tests. */
export interface Surroundings {
  home: string;
  localUser: string;
  agentSocket?: string;
  /** @default that of this process */
  env?: (name: string) => string | undefined;
  /** Where the program runs: relative paths start there. */
  folder: string;
}

export function ownSurroundings(folder: string): Surroundings {
  const agentSocket = process.env["SSH_AUTH_SOCK"];
  return {
    home: homedir(),
    localUser: userInfo().username,
    folder,
    ...(agentSocket && { agentSocket }),
  };
}

/** A login, and what is to be done once it has worked. */
export interface ResolvedLogin {
  login: Login;
  connectSeconds?: number;
  /** To be told to the user. */
  warnings: string[];
  /** With `accept-new`: remembers the key that the host showed. */
  remember?: (hostKey: string) => Promise<void>;
}

/**
 * Works out how the `ssh` command would log in to `ssh://[user@]host[:port]` with these arguments: from them, from the
 * user's ~/.ssh/config, and from what is in ~/.ssh.
 * @throws Error that names the setting.
 */
export async function resolveLogin(
  url: string,
  args: readonly string[],
  around: Surroundings,
): Promise<ResolvedLogin> {
  const target = parseUrl(url);
  const given = parseSshOptions(args);
  const config = configFiles(given.configFile, around);
  const resolved = await resolveHop(target, given.lines, config, around);
  return {
    ...resolved,
    ...(given.connectSeconds === undefined ? {} : { connectSeconds: given.connectSeconds }),
  };
}

interface Target {
  host: string;
  user?: string;
  port?: number;
}

/** @throws Error for anything but ssh://[user@]host[:port]. */
function parseUrl(url: string): Target {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (error) {
    throw new Error(`host ${url}: expected ssh://USER@HOST:PORT`, { cause: error });
  }
  const { protocol, username, password, hostname, port, pathname, search } = parsed;
  const rest = pathname.replace(/^\/$/, "") + search;
  if (protocol !== "ssh:" || hostname === "" || password !== "" || rest !== "") {
    throw new Error(
      `host: expected ssh://USER@HOST:PORT without a password or a path; found ${protocol}//${hostname}${rest}`,
    );
  }
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    ...(username === "" ? {} : { user: decodeURIComponent(username) }),
    ...(port === "" ? {} : { port: Number(port) }),
  };
}

/** More bastions than anybody has, one behind the other. */
const MOST_HOPS = 8;

/** Flags that name the target are not the bastion's; keys and known hosts serve for both. */
const OF_THE_TARGET = new Set(["user", "port", "hostkeyalias", "proxyjump", "proxycommand"]);

async function resolveHop(
  target: Target,
  given: readonly ConfigLine[],
  config: readonly ConfigLine[],
  around: Surroundings,
  hops = 0,
): Promise<ResolvedLogin> {
  if (hops > MOST_HOPS) throw new Error(`sshOpts: ProxyJump of ${target.host} is a loop`);
  const options = clientOptions([...given, ...config], target.host, {
    ...around,
    env: around.env ?? ((name) => process.env[name]),
    localHost: hostname(),
    ...(target.user === undefined ? {} : { user: target.user }),
    ...(target.port === undefined ? {} : { port: target.port }),
  });
  const host = options.hostName ?? target.host;
  const port = target.port ?? options.port ?? 22;
  const { notOffered, ...credentials } = findCredentials(options, around);
  const keys = findHostKeys(options, host, port, around);
  const warnings = [...options.notes, ...notOffered.map((what) => `${host}: not offered: ${what}`)];
  if (keys.login.hostKeyPolicy === "accept-any") {
    warnings.push(`${host}: its host key is not known, but StrictHostKeyChecking accepts it`);
  }
  const login: Login = {
    host,
    port,
    user: target.user ?? options.user ?? around.localUser,
    ...credentials,
    ...(notOffered.length > 0 && { notOffered }),
    ...keys.login,
  };
  const bastion = await bastionOf(target, options, given, config, around, hops);
  if (bastion !== undefined) {
    login.proxy = bastion.login;
    warnings.push(...bastion.warnings);
  }
  return { login, warnings, ...(keys.remember && { remember: keys.remember }) };
}

async function bastionOf(
  target: Target,
  options: ClientOptions,
  given: readonly ConfigLine[],
  config: readonly ConfigLine[],
  around: Surroundings,
  hops: number,
): Promise<ResolvedLogin | undefined> {
  if (options.proxyCommand !== undefined) {
    const { url, args } = parseProxyCommand(options.proxyCommand);
    return resolveLogin(url, args, around);
  }
  const jumps = options.proxyJump ?? [];
  const nearest = jumps.at(-1);
  if (nearest === undefined) return undefined;
  const next = parseUrl(`ssh://${nearest}`);
  // `Host *` with a ProxyJump applies to the bastion as well: it is reached directly all the same, as ssh does.
  if (next.host === target.host) return undefined;
  const rest = jumps.slice(0, -1).join(",");
  const flags = given.filter(({ keyword }) => !OF_THE_TARGET.has(keyword));
  const way: ConfigLine = {
    keyword: "proxyjump",
    name: "ProxyJump",
    words: [rest],
    where: "sshOpts",
  };
  return resolveHop(next, rest === "" ? flags : [way, ...flags], config, around, hops + 1);
}

/** The names under which the ssh command looks for keys by itself. */
const DEFAULT_KEYS = ["id_ed25519", "id_ecdsa", "id_rsa"];

/** The first private key that can be used; else the agent, with the keys that were named first, or alone. */
function findCredentials(
  options: ClientOptions,
  around: Surroundings,
): Pick<Login, "privateKey" | "agentSocket" | "agentKeys"> & { notOffered: string[] } {
  const agent = agentSocket(options, around);
  const named = options.identityFiles?.map((path) => absolute(path, around));
  const files = named ?? DEFAULT_KEYS.map((name) => join(around.home, ".ssh", name));
  const certificates = [
    ...options.certificateFiles.filter((path) => readIfThere(path) !== undefined),
    ...files.flatMap((path) => certificateBeside(path, readIfThere) ?? []),
  ];
  const notOffered = [...new Set(certificates)].map(
    (path) => `certificate ${path}: certificates are not supported`,
  );
  const chosen: string[] = [];
  for (const path of files) {
    const identity = readIdentity(path, readIfThere);
    if (identity === undefined) continue;
    if (identity.kind === "private") {
      try {
        checkPrivateKey(identity.text, undefined, path);
        if (chosen.length === 0) return { privateKey: identity.text, notOffered };
      } catch (error) {
        if (agent === undefined) throw error; // encrypted: an agent may hold it
      }
    } else if (agent === undefined) {
      throw new Error(
        `sshOpts: IdentityFile ${identity.path} is a public key, so an agent must hold its private half; found no agent`,
      );
    }
    const half = publicHalf(path, readIfThere);
    if (half !== undefined) chosen.push(half);
  }
  if (agent === undefined)
    throw new Error(`sshOpts: no private key to log in with; looked for ${files.join(", ")}`);
  const only = options.identitiesOnly === true;
  return {
    agentSocket: agent,
    ...((only || chosen.length > 0) && { agentKeys: { keys: chosen, only } }),
    notOffered,
  };
}

function agentSocket(options: ClientOptions, around: Surroundings): string | undefined {
  const asked = options.identityAgent ?? "SSH_AUTH_SOCK";
  if (asked === "none") return undefined;
  return asked === "SSH_AUTH_SOCK" ? around.agentSocket : absolute(asked, around);
}

interface HostKeys {
  login: Pick<Login, "hostKeys" | "hostKeyPolicy" | "revokedHostKeys">;
  remember?: (hostKey: string) => Promise<void>;
}

function findHostKeys(
  options: ClientOptions,
  host: string,
  port: number,
  around: Surroundings,
): HostKeys {
  const looked = hostKeyFiles(options, around.home, readIfThere);
  const user = looked.user.map((path) => absolute(path, around));
  const alias = options.hostKeyAlias;
  const name = alias ?? host;
  const knownPort = alias === undefined ? port : 22;
  const found = knownKeys({ ...looked, user }, name, knownPort, readIfThere);
  const revoked = found.revoked.length === 0 ? {} : { revokedHostKeys: found.revoked };
  if (found.keys.length > 0) return { login: { hostKeys: found.keys, ...revoked } };
  const checking = options.strictHostKeyChecking ?? "ask";
  if (checking === "no") return { login: { hostKeyPolicy: "accept-any", ...revoked } };
  const [file] = user;
  if (checking !== "accept-new" || file === undefined)
    return { login: { hostKeys: [], ...revoked } };
  return {
    login: { hostKeyPolicy: "accept-any", ...revoked },
    remember: async (hostKey) => {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const line = knownHostsLine(name, knownPort, hostKey);
      // Read now, since others may have learnt theirs meanwhile. A last line without an end would swallow ours.
      const before = readIfThere(file);
      const end = before === undefined || /(^|\n)$/.test(before) ? "" : "\n";
      await appendFile(file, `${end}${line}\n`, { mode: 0o600 });
    },
  };
}

function configFiles(named: string | undefined, around: Surroundings): ConfigLine[] {
  if (named?.toLowerCase() === "none") return [];
  const { home } = around;
  const files = { read: readIfThere, list: listFolder };
  if (named === undefined) return readConfig(defaultSources(home), home, files);
  const path = absolute(named, around);
  if (readIfThere(path) === undefined)
    throw new Error(`sshOpts: -F ${named}: there is no such file`);
  return readConfig(namedSource(path, home), home, files);
}

/** A path as the user wrote it: `~` is home, and a relative one starts where the program runs. */
function absolute(path: string, around: Surroundings): string {
  const expanded = path === "~" || path.startsWith("~/") ? around.home + path.slice(1) : path;
  return resolve(around.folder, expanded);
}
