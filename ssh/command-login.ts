import { type ClientOptions, clientOptions } from "./client-config";
import { defaultSources, readConfig } from "./config-file";
import { agentSocketOf, publicHalf, readIdentity } from "./identity";
import { limits } from "./dial";
import { findKeys } from "./known-keys";
import type { Login } from "./login";
import { checkPrivateKey } from "./private-key";
import { parseProxyCommand, parseSshOptions } from "./command-options";
import { expand, filesOf, type Surroundings } from "./surroundings";

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
  const { home, localUser, localHost } = around;
  const files = filesOf(around);
  const config = readsFiles ? readConfig(defaultSources(home), home, files) : [];
  const options = clientOptions([...lines, ...config], target.host, {
    ...{ home, localUser },
    ...(localHost !== undefined && { localHost }),
    env: (name) => around.env?.(name),
    ...target,
  });
  const host = options.hostName ?? target.host;
  const port = target.port ?? options.port ?? 22;
  const { connectTimeout, serverAliveInterval, serverAliveCountMax } = options;
  const found = limits(connectTimeout, serverAliveInterval, serverAliveCountMax);
  const login: Login = {
    host,
    port,
    user: target.user ?? options.user ?? around.localUser,
    ...findCredentials(options, around),
    ...findHostKeys(options, { host, port }, around),
    ...(Object.keys(found).length > 0 && { limits: found }),
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
  const agent = agentSocketOf(options, around);
  const files = (options.identityFiles ?? []).map((path) => expand(path, around));
  const read = (path: string): string | undefined => around.read(path);
  const chosen: string[] = [];
  for (const path of files) {
    const identity = readIdentity(path, read);
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
    const half = publicHalf(path, read);
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

function findHostKeys(
  options: ClientOptions,
  to: { host: string; port: number },
  around: Surroundings,
): Pick<Login, "hostKeys" | "hostKeyPolicy" | "revokedHostKeys"> {
  const { keys, revoked } = findKeys(options, to, around);
  return {
    ...(keys.length === 0 && options.strictHostKeyChecking === "no"
      ? { hostKeyPolicy: "accept-any" }
      : { hostKeys: keys }),
    ...(revoked.length > 0 && { revokedHostKeys: revoked }),
  };
}
