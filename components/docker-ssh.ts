import type { HostAccess, Route } from "../settings/access";

/** Docker's address on a host, for @pulumi/docker, which runs OpenSSH for it. */
export function dockerAddress({ login }: Pick<HostAccess, "login">): string {
  const host = login.host.includes(":") ? `[${login.host}]` : login.host;
  return `ssh://${login.user}@${host}:${login.port}`;
}

/**
 * OpenSSH options that make it log in just as we did: the same key or agent, the same known hosts, the same bastion,
 * nothing of ~/.ssh/config. A bastion is a ProxyCommand, since ProxyJump would not hand these options on to it.
 */
export function dockerSshOptions(access: Route & Pick<HostAccess, "bastion">): string[] {
  const { bastion } = access;
  return [
    ...options(access),
    ...(bastion === undefined ? [] : ["-o", `ProxyCommand=${proxyCommand(bastion)}`]),
  ];
}

function options(route: Route): string[] {
  const { knownHostsFiles, hostKeyAlias } = route;
  const named = {
    UserKnownHostsFile: knownHostsFiles.map(quoted).join(" "),
    ...(hostKeyAlias !== undefined && { HostKeyAlias: hostKeyAlias }),
    StrictHostKeyChecking: "yes",
    BatchMode: "yes",
  };
  const words = Object.entries(named).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return ["-F", "none", ...credentials(route), ...words];
}

function credentials({ login, identityFile }: Route): string[] {
  if (identityFile !== undefined) return ["-i", identityFile, "-o", "IdentitiesOnly=yes"];
  const { agentSocket } = login;
  // The one of SSH_AUTH_SOCK is found without being named: its path is another with every login session.
  const agent =
    agentSocket === undefined || agentSocket === process.env["SSH_AUTH_SOCK"]
      ? []
      : ["-o", `IdentityAgent=${quoted(agentSocket)}`];
  // Without it the keys that lie in ~/.ssh would be tried as well.
  return [...agent, "-o", "IdentityFile=none"];
}

function proxyCommand(bastion: Route): string {
  const { user, host, port } = bastion.login;
  const words = [...options(bastion), "-p", String(port), "-W"];
  return `ssh ${words.map(shellWord).join(" ")} %h:%p ${shellWord(`${user}@${host}`)}`;
}

/** A value of ssh_config: a blank in a path is no separator. */
function quoted(value: string): string {
  return /\s/.test(value) ? `"${value}"` : value;
}

/** ssh hands a ProxyCommand to the shell, once it has replaced the percent tokens. */
function shellWord(text: string): string {
  const plain = text.replaceAll("%", "%%");
  return /^[A-Za-z0-9@%_+=:,./-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", "'\\''")}'`;
}
