import { type ContainerdInput } from "./input";

/**
 * The names that a registry's folder can have, in the order containerd looks: the port may be written
 * with underscores, for file systems that take no colon.
 */
export function folderNames(host: string): string[] {
  const colon = host.lastIndexOf(":");
  if (colon <= 0) return [host];
  return [`${host.slice(0, colon)}_${host.slice(colon + 1)}_`, host];
}

/** The path of a registry's hosts.toml: the one that is there and wins, else the one to write. */
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

/** What containerd uses below a directory: hosts.toml files, and certificates as Docker has them. */
export function usedBelow(
  directory: string,
  { certsD, certificates = [] }: Pick<ContainerdInput, "certsD" | "certificates">,
): string[] {
  const root = `${directory.replace(/\/+$/, "")}/`;
  const below = certificates.filter((path) => path.startsWith(root));
  return [...filesBelow(directory, certsD), ...below];
}
