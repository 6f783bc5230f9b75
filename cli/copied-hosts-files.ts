import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix } from "node:path";

/** Where containerd looks if config_path says nothing else, and where a plan puts its files. */
const CERTS_D = "/etc/containerd/certs.d";

/**
 * The hosts.toml files of a node, as far as they were copied with its config.toml: by their paths on the node. A
 * directory of config_path is looked for beside the copy, by the longest end of its path that is there: for
 * /etc/k0s/certs.d that is etc/k0s/certs.d, k0s/certs.d or certs.d. Where the copy lies in a tree of its own
 * (ROOT/etc/containerd/config.toml), the directory is looked for in that tree.
 */
export function copiedHostsFiles(file: string, text: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const used = new Set<string>();
  for (const directory of new Set([...configPaths(text), CERTS_D])) {
    const copy = copiesOf(file, directory).find((path) => !used.has(path) && isDirectory(path));
    if (copy === undefined) continue;
    used.add(copy);
    for (const name of readdirSync(copy)) {
      const bytes = read(join(copy, name, "hosts.toml"));
      if (bytes !== undefined) files.set(posix.join(directory, name, "hosts.toml"), bytes);
    }
  }
  return files;
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

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
