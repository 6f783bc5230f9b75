import { appendFile, mkdir, readFile } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { clientOptions } from "../../../ssh/client-config";
import type { ClientOptions } from "../../../ssh/client-config";
import { knownHostsLine, lookupKnownHosts } from "../../../ssh/known-hosts";
import type { Login } from "../../../ssh/login";
import { checkPrivateKey } from "../../../ssh/private-key";
import { parseSshOptions } from "./ssh-options";
import type { SshOptions } from "./ssh-options";

/** What logging in depends on beside the provider's settings; read from the process outside of tests. */
export interface Surroundings {
  home: string;
  localUser: string;
  agentSocket?: string;
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
  const configText = await readConfig(given, around);
  return resolveHop(target, given, configText, around);
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

async function resolveHop(
  target: Target,
  given: SshOptions,
  configText: string,
  around: Surroundings,
): Promise<ResolvedLogin> {
  const wantedUser = target.user ?? given.user;
  const config = clientOptions(configText, target.host, {
    ...around,
    ...(wantedUser === undefined ? {} : { user: wantedUser }),
  });
  const host = config.hostName ?? target.host;
  const port = target.port ?? given.port ?? config.port ?? 22;
  const warnings = [...config.notes];
  const credentials = await findCredentials(given, config, around);
  const keys = await findHostKeys(given, config, { host, name: target.host, port }, around);
  if (keys.hostKeyPolicy === "accept-any") {
    warnings.push(`${host}: its host key is not known, and StrictHostKeyChecking says not to mind`);
  }
  const login: Login = {
    host,
    port,
    user: wantedUser ?? config.user ?? around.localUser,
    ...credentials,
    ...(keys.hostKeyPolicy === undefined
      ? { hostKeys: keys.hostKeys }
      : { hostKeyPolicy: keys.hostKeyPolicy }),
  };
  // The two say the same thing, and one that is given hides both of the configuration's.
  const hops = given.proxyJump ?? (given.proxyCommand ? [] : (config.proxyJump ?? []));
  const nearest = hops.at(-1);
  const command = given.proxyJump === undefined ? given.proxyCommand?.through : undefined;
  if (command !== undefined) {
    const hop = await resolveLogin(command.url, command.args, around);
    login.proxy = hop.login;
    warnings.push(...hop.warnings);
  } else if (nearest !== undefined) {
    // Flags that name the target (user, port) are not the bastion's; keys and known hosts serve for both.
    const forHop = { ...given };
    for (const name of ["user", "port", "hostKeyAlias"] as const) delete forHop[name];
    const hop = await resolveHop(
      parseUrl(`ssh://${nearest.replace(/^ssh:\/\//, "")}`),
      { ...forHop, proxyJump: hops.slice(0, -1) },
      configText,
      around,
    );
    login.proxy = hop.login;
    warnings.push(...hop.warnings);
  }
  return {
    login,
    warnings,
    ...(given.connectSeconds === undefined ? {} : { connectSeconds: given.connectSeconds }),
    ...(keys.remember === undefined ? {} : { remember: keys.remember }),
  };
}

/** The names under which the ssh command looks for keys by itself. */
const DEFAULT_KEYS = ["id_ed25519", "id_ecdsa", "id_rsa"];

async function findCredentials(
  given: SshOptions,
  config: ClientOptions,
  around: Surroundings,
): Promise<Pick<Login, "privateKey" | "agentSocket">> {
  const named = [...given.identityFiles, ...config.identityFiles];
  const agent = agentSocket(given, config, around);
  const files =
    named.length > 0 ? named : DEFAULT_KEYS.map((name) => join(around.home, ".ssh", name));
  for (const path of files) {
    const key = await readIfThere(absolute(path, around));
    if (key === undefined) continue;
    try {
      checkPrivateKey(key, undefined, path);
    } catch (error) {
      if (agent !== undefined) continue; // encrypted: the agent may hold it
      throw error;
    }
    return { privateKey: key };
  }
  if (agent !== undefined) return { agentSocket: agent };
  throw new Error(`sshOpts: no private key to log in with; looked for ${files.join(", ")}`);
}

function agentSocket(
  given: SshOptions,
  config: ClientOptions,
  around: Surroundings,
): string | undefined {
  const asked = given.identityAgent ?? config.identityAgent ?? "SSH_AUTH_SOCK";
  if (asked.toLowerCase() === "none") return undefined;
  if (asked === "SSH_AUTH_SOCK") return around.agentSocket;
  return asked.startsWith("$") ? process.env[asked.slice(1)] : absolute(asked, around);
}

interface HostKeys {
  hostKeys?: string[];
  hostKeyPolicy?: "accept-any";
  remember?: (hostKey: string) => Promise<void>;
}

async function findHostKeys(
  given: SshOptions,
  config: ClientOptions,
  { host, name, port }: { host: string; name: string; port: number },
  around: Surroundings,
): Promise<HostKeys> {
  const userFiles = (
    given.userKnownHostsFiles ??
    config.userKnownHostsFiles ?? [join(around.home, ".ssh", "known_hosts")]
  ).map((path) => absolute(path, around));
  const alias = given.hostKeyAlias ?? config.hostKeyAlias;
  const texts = await Promise.all([...userFiles, "/etc/ssh/ssh_known_hosts"].map(readIfThere));
  const text = texts.map((one) => one ?? "").join("\n");
  const lookups =
    alias === undefined
      ? [...new Set([host, name])].map((one) => lookupKnownHosts(text, one, port))
      : [lookupKnownHosts(text, alias)];
  const hostKeys = lookups.flatMap((found) => found.keys);
  const checking = given.strictHostKeyChecking ?? config.strictHostKeyChecking ?? "ask";
  if (hostKeys.length > 0) return { hostKeys };
  if (["no", "off"].includes(checking)) return { hostKeyPolicy: "accept-any" };
  const [file] = userFiles;
  if (checking !== "accept-new" || file === undefined) return { hostKeys: [] };
  return {
    hostKeyPolicy: "accept-any",
    remember: async (hostKey) => {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const line = knownHostsLine(alias ?? host, alias === undefined ? port : 22, hostKey);
      // Read now, since others may have learnt theirs meanwhile. A last line without an end would swallow ours.
      const before = await readIfThere(file);
      const end = before === undefined || /(^|\n)$/.test(before) ? "" : "\n";
      await appendFile(file, `${end}${line}\n`, { mode: 0o600 });
    },
  };
}

async function readConfig(given: SshOptions, around: Surroundings): Promise<string> {
  if (given.configFile?.toLowerCase() === "none") return "";
  const path = given.configFile ?? join(around.home, ".ssh", "config");
  const text = await readIfThere(absolute(path, around));
  if (text === undefined && given.configFile !== undefined) {
    throw new Error(`sshOpts: -F ${path}: there is no such file`);
  }
  return text ?? "";
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? ""))
      return undefined;
    throw error;
  }
}

/** A path as the user wrote it: `~` is home, and a relative one starts where the program runs. */
function absolute(path: string, around: Surroundings): string {
  const expanded = path === "~" || path.startsWith("~/") ? around.home + path.slice(1) : path;
  return resolve(around.folder, expanded);
}
