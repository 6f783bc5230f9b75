import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix } from "node:path";

/** The directories that containerd reads without a config_path. A plan puts its files into the first one. */
const DEFAULTS = ["/etc/containerd/certs.d", "/etc/docker/certs.d"];

/** The copied files of the directories that containerd reads, by their paths on the node. */
export interface CopiedCertsD {
  certsD: Map<string, Buffer>;
  /** Certificates and keys in Docker's folder layout. */
  certificates: string[];
}

/**
 * The hosts.toml files and certificates of a node that were copied with its config.toml. A directory of config_path is
 * searched beside the copy, by the longest end of its path that exists: for /etc/k0s/certs.d, this is etc/k0s/certs.d,
 * k0s/certs.d or certs.d. If the copy is in its own tree (ROOT/etc/containerd/config.toml), the directory is searched
 * in that tree.
 */
export function copiedCertsD(file: string, text: string): CopiedCertsD {
  const certsD = new Map<string, Buffer>();
  const certificates: string[] = [];
  const used = new Set<string>();
  for (const directory of new Set([...configPaths(text), ...DEFAULTS])) {
    const copy = copiesOf(file, directory).find((path) => !used.has(path) && isDirectory(path));
    if (copy === undefined) continue;
    used.add(copy);
    for (const host of readdirSync(copy).filter((name) => isDirectory(join(copy, name)))) {
      for (const name of readdirSync(join(copy, host))) {
        const path = posix.join(directory, host, name);
        if (name === "hosts.toml") certsD.set(path, readFileSync(join(copy, host, name)));
        else if (/\.(?:crt|cert|key)$/.test(name)) certificates.push(path);
      }
    }
  }
  return { certsD, certificates };
}

/** Every directory in a config_path of the file, in any TOML spelling of such a line. */
function configPaths(text: string): string[] {
  return [...text.matchAll(/config_path["']?[ \t]*=[ \t]*(["'])(.*?)\1/gi)]
    .flatMap((match) => (match[2] ?? "").split(":"))
    .filter((path) => path.startsWith("/"))
    .map((path) => posix.normalize(path).replace(/(?<=.)\/$/, ""));
}

/** The possible places of a directory's copy, the most likely one first. */
function copiesOf(file: string, directory: string): string[] {
  const beside = dirname(file);
  const parts = directory.split("/").filter((part) => part !== "");
  const ends = parts.map((_, index) => join(beside, ...parts.slice(index)));
  const root = /^(.*)\/etc\/containerd\/[^/]+$/.exec(file)?.[1];
  return root === undefined ? ends : [join(`${root}/`, directory), ...ends];
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
