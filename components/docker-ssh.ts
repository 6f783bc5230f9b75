import type { HostAccess } from "../settings/access";
import type { Login } from "../ssh/login";

/** Docker's address on a host, for @pulumi/docker, which runs OpenSSH for it. */
export function dockerAddress({ login }: Pick<HostAccess, "login">): string {
  const host = login.host.includes(":") ? `[${login.host}]` : login.host;
  return `ssh://${login.user}@${host}:${login.port}`;
}

/** OpenSSH options that make it log in just as we did: the same key, the same known hosts, nothing of ~/.ssh/config. */
export function dockerSshOptions(
  access: Pick<HostAccess, "login" | "identityFile" | "knownHostsPath">,
): string[] {
  const { login, knownHostsPath, identityFile } = access;
  const proxy =
    login.proxy === undefined
      ? []
      : ["-o", `ProxyCommand=ssh ${proxyWords(login.proxy, knownHostsPath).join(" ")}`];
  return [...common(identityFile, knownHostsPath), ...proxy];
}

function common(identityFile: string | undefined, knownHostsPath: string): string[] {
  return [
    ...(identityFile === undefined ? [] : ["-i", identityFile, "-o", "IdentitiesOnly=yes"]),
    "-o",
    `UserKnownHostsFile=${knownHostsPath}`,
    "-o",
    "StrictHostKeyChecking=yes",
    "-o",
    "BatchMode=yes",
  ];
}

function proxyWords(proxy: Login, knownHostsPath: string): string[] {
  return [
    ...common(undefined, knownHostsPath),
    "-W",
    "%h:%p",
    "-p",
    String(proxy.port),
    `${proxy.user}@${proxy.host}`,
  ];
}
