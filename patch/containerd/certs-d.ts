import { type ContainerdInput } from "./input";

/**
 * The possible names of a registry's folder, in containerd's order. `HOST_PORT_` is for file systems that allow no colon
 * in a name.
 */
export function folderNames(host: string): string[] {
  const colon = host.lastIndexOf(":");
  if (colon <= 0) return [host];
  return [`${host.slice(0, colon)}_${host.slice(colon + 1)}_`, host];
}

/** The path of a registry's hosts.toml: the existing one that containerd reads, or else the one to write. */
export function hostsTomlPath(
  directory: string,
  host: string,
  existing: ReadonlyMap<string, Buffer>,
): string {
  const root = directory.replace(/\/+$/, "");
  const paths = folderNames(host).map((name) => `${root}/${name}/hosts.toml`);
  return paths.find((path) => existing.has(path)) ?? `${root}/${host}/hosts.toml`;
}

/** The hosts.toml files below a directory. */
export function filesBelow(directory: string, existing: ReadonlyMap<string, Buffer>): string[] {
  const root = `${directory.replace(/\/+$/, "")}/`;
  return [...existing.keys()].filter((path) => path.startsWith(root));
}

/** The files that containerd uses below a directory: hosts.toml files, and certificates in Docker's layout. */
export function usedBelow(
  directory: string,
  { certsD, certificates = [] }: Pick<ContainerdInput, "certsD" | "certificates">,
): string[] {
  const root = `${directory.replace(/\/+$/, "")}/`;
  const below = certificates.filter((path) => path.startsWith(root));
  return [...filesBelow(directory, certsD), ...below];
}
