import { shellWord } from "../helper/shell-word";
import type { HostAccess, Route } from "../settings/access";

/** Docker's address on a host, for @pulumi/docker, which runs OpenSSH to reach it. */
export function dockerAddress({ login }: Pick<HostAccess, "login">): string {
  const host = login.host.includes(":") ? `[${login.host}]` : login.host;
  return `ssh://${login.user}@${host}:${login.port}`;
}

/**
 * OpenSSH options for the same login as ours: the same key or agent, the same known hosts, the same bastion, and
 * nothing from ~/.ssh/config. A bastion is a ProxyCommand, since ProxyJump would not pass these options on to it.
 */
export function dockerSshOptions(access: Route): string[] {
  const { bastion } = access;
  return [
    ...options(access),
    ...(bastion === undefined ? [] : ["-o", `ProxyCommand=${proxyCommand(bastion)}`]),
  ];
}

function options(route: Route): string[] {
  const { login, knownHostsFiles, globalKnownHostsFiles, revokedHostKeysFile, hostKeyAlias } =
    route;
  const { connectSeconds, keepAlive } = login.sharedLimits ?? {};
  const named = {
    UserKnownHostsFile: paths(knownHostsFiles.map(literal)),
    ...(globalKnownHostsFiles !== undefined && {
      GlobalKnownHostsFile: paths(globalKnownHostsFiles),
    }),
    ...(revokedHostKeysFile !== undefined && { RevokedHostKeys: quoted(revokedHostKeysFile) }),
    ...(hostKeyAlias !== undefined && { HostKeyAlias: hostKeyAlias }),
    StrictHostKeyChecking: "yes",
    BatchMode: "yes",
    ...(connectSeconds !== undefined && { ConnectTimeout: String(connectSeconds) }),
    ...(keepAlive !== undefined && {
      ServerAliveInterval: String(Math.ceil(keepAlive.seconds)),
      ServerAliveCountMax: String(keepAlive.misses),
    }),
  };
  const words = Object.entries(named).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return ["-F", "none", ...credentials(route), ...words];
}

function credentials({ login, identityFile, agentIdentityFiles }: Route): string[] {
  if (identityFile !== undefined) return [...identity(identityFile), "-o", "IdentitiesOnly=yes"];
  const { agentSocket } = login;
  // OpenSSH finds the agent of SSH_AUTH_SOCK by itself. Its path is left out because it changes with every login
  // session.
  const agent =
    agentSocket === undefined || agentSocket === process.env["SSH_AUTH_SOCK"]
      ? []
      : ["-o", `IdentityAgent=${quoted(literal(agentSocket))}`];
  if (agentIdentityFiles !== undefined) {
    const chosen = agentIdentityFiles.flatMap(identity);
    const only = login.agentKeys?.only === true ? ["-o", "IdentitiesOnly=yes"] : [];
    return [...agent, ...chosen, ...only];
  }
  // Without this option, ssh would also try the keys in ~/.ssh.
  return [...agent, "-o", "IdentityFile=none"];
}

function proxyCommand(bastion: Route): string {
  const { user, host, port } = bastion.login;
  // A bastion before this one is the same again, quoted once more.
  const words = [...dockerSshOptions(bastion), "-p", String(port), "-W"];
  return `ssh ${words.map(proxyWord).join(" ")} %h:%p ${proxyWord(`${user}@${host}`)}`;
}

/** ssh ignores an `-i` file that does not exist under the name as written, including its percent signs. */
function identity(file: string): string[] {
  const path = literal(file);
  return path === file ? ["-i", file] : ["-o", `IdentityFile=${quoted(path)}`];
}

function paths(files: readonly string[]): string {
  return files.length === 0 ? "none" : files.map(quoted).join(" ");
}

/** Escapes the percent signs of a path, so that they are not tokens. */
function literal(path: string): string {
  if (path.includes("${")) throw new Error(`expected a path without \${, found ${path}`);
  return path.replaceAll("%", "%%");
}

/** Quotes a value of ssh_config: a blank in a path is not a separator. */
function quoted(value: string): string {
  return /[\s'"\\#]/.test(value) ? `"${value.replace(/["\\]/g, "\\$&")}"` : value;
}

/** Quotes a word of a ProxyCommand: ssh replaces the percent tokens, and then passes the command to the shell. */
function proxyWord(text: string): string {
  const plain = text.replaceAll("%", "%%");
  return /^[A-Za-z0-9@%_+=:,./-]+$/.test(plain) ? plain : shellWord(plain);
}
