import { homedir, hostname, userInfo } from "node:os";
import { resolve } from "node:path";
import { type ClientOptions, clientOptions } from "../../../ssh/client-config";
import { defaultSources, readConfig } from "../../../ssh/config-file";
import { publicHalf, readIdentity } from "../../../ssh/identity";
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

/**
 * Works out how the `ssh` command would log in to `ssh://[user@]host[:port]` with these arguments, and the user's and the
 * machine's ssh_config where they do not say `-F none`. `warnings` are for the user.
 * @throws Error that names the setting.
 */
export function resolveLogin(
  url: string,
  args: readonly string[],
  around: Surroundings,
): { login: Login; warnings: string[] } {
  const target = parseUrl(url);
  const { lines, readsFiles } = parseSshOptions(args);
  const files = { read: readIfThere, list: listFolder };
  const config = readsFiles ? readConfig(defaultSources(around.home), around.home, files) : [];
  const options = clientOptions([...lines, ...config], target.host, {
    ...around,
    env: (name) => process.env[name],
    localHost: hostname(),
    ...target,
  });
  const host = options.hostName ?? target.host;
  const port = target.port ?? options.port ?? 22;
  const login: Login = {
    host,
    port,
    user: target.user ?? options.user ?? around.localUser,
    ...findCredentials(options, around),
    ...findHostKeys(options, host, port, around),
  };
  const warnings = [...options.notes];
  if (login.hostKeyPolicy === "accept-any")
    warnings.push(`${host}: its host key is not known, but StrictHostKeyChecking accepts it`);
  if (options.proxyJump !== undefined && options.proxyJump.length > 0)
    throw new Error(
      `sshOpts: ProxyJump ${options.proxyJump.join()} of the ssh config is not supported by the embedded engine; ` +
        "use -F none, and -o ProxyCommand=ssh -F none ... -W %h:%p [USER@]HOST",
    );
  if (options.proxyCommand !== undefined) {
    const way = parseProxyCommand(options.proxyCommand);
    const bastion = resolveLogin(way.url, way.args, around);
    login.proxy = bastion.login;
    warnings.push(...bastion.warnings);
  }
  return { login, warnings };
}

/** @throws Error for anything but ssh://[user@]host[:port]. */
function parseUrl(url: string): { host: string; user?: string; port?: number } {
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

/** The first private key that can be used; else the agent, with the keys that were named first, or alone. */
function findCredentials(
  options: ClientOptions,
  around: Surroundings,
): Pick<Login, "privateKey" | "agentSocket" | "agentKeys"> {
  const agent = agentSocket(options, around);
  const files = (options.identityFiles ?? []).map((path) => absolute(path, around));
  const chosen: string[] = [];
  for (const path of files) {
    const identity = readIdentity(path, readIfThere);
    if (identity === undefined) continue;
    if (identity.kind === "private") {
      try {
        checkPrivateKey(identity.text, undefined, path);
        if (chosen.length === 0) return { privateKey: identity.text };
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
  if (agent === undefined) {
    const looked = files.length === 0 ? "no -i names one" : `looked for ${files.join(", ")}`;
    throw new Error(`sshOpts: no private key to log in with; ${looked}, and there is no agent`);
  }
  const only = options.identitiesOnly === true;
  return {
    agentSocket: agent,
    ...((only || chosen.length > 0) && { agentKeys: { keys: chosen, only } }),
  };
}

function agentSocket(options: ClientOptions, around: Surroundings): string | undefined {
  const asked = options.identityAgent ?? "SSH_AUTH_SOCK";
  if (asked === "none") return undefined;
  return asked === "SSH_AUTH_SOCK" ? around.agentSocket : absolute(asked, around);
}

function findHostKeys(
  options: ClientOptions,
  host: string,
  port: number,
  around: Surroundings,
): Pick<Login, "hostKeys" | "hostKeyPolicy" | "revokedHostKeys"> {
  const files = hostKeyFiles(options, around.home, readIfThere);
  const user = files.user.map((path) => absolute(path, around));
  const { hostKeyAlias: alias, strictHostKeyChecking: checking } = options;
  const found = knownKeys(
    { ...files, user },
    alias ?? host,
    alias === undefined ? port : 22,
    readIfThere,
  );
  const revoked = found.revoked.length === 0 ? {} : { revokedHostKeys: found.revoked };
  return found.keys.length === 0 && checking === "no"
    ? { hostKeyPolicy: "accept-any", ...revoked }
    : { hostKeys: found.keys, ...revoked };
}

/** A path as the user wrote it: `~` is home, and a relative one starts where the program runs. */
function absolute(path: string, around: Surroundings): string {
  const expanded = path === "~" || path.startsWith("~/") ? around.home + path.slice(1) : path;
  return resolve(around.folder, expanded);
}
