import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix } from "node:path";

/** Where containerd may look if config_path says nothing else; a plan puts its files into the first one. */
const DEFAULTS = ["/etc/containerd/certs.d", "/etc/docker/certs.d"];

/** What was copied of the directories that containerd looks into, by the paths on the node. */
export interface CopiedCertsD {
  certsD: Map<string, Buffer>;
  /** Certificates and keys in folders as Docker has them. */
  certificates: string[];
}

/**
 * The hosts.toml files and certificates of a node, as far as they were copied with its config.toml. A directory of
 * config_path is looked for beside the copy, by the longest end of its path that is there: for /etc/k0s/certs.d that
 * is etc/k0s/certs.d, k0s/certs.d or certs.d. Where the copy lies in a tree of its own
 * (ROOT/etc/containerd/config.toml), the directory is looked for in that tree.
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

/** Every directory that a config_path of the file names, in any spelling that TOML has for such a line. */
function configPaths(text: string): string[] {
  return [...text.matchAll(/config_path["']?[ \t]*=[ \t]*(["'])(.*?)\1/gi)]
    .flatMap((match) => (match[2] ?? "").split(":"))
    .filter((path) => path.startsWith("/"))
    .map((path) => posix.normalize(path).replace(/(?<=.)\/$/, ""));
}

/** Where the copy of a directory may be, the surest place first. */
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
