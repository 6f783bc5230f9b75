import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Ignored } from "./ignored";

/** A file, folder or symbolic link of a build's folder. */
export interface Entry {
  /** Relative to the folder, with slashes. */
  readonly path: string;
  readonly kind: "file" | "folder" | "link" | "other";
  /** The mode as stat(2) has it, with the bits of the type. */
  readonly mode: number;
  /** Where a link leads, as it is written. */
  readonly target?: string;
}

/** What docker gets of a folder, in the order of names: everything that is not ignored. */
export function walk(folder: string, ignored: Ignored): Entry[] {
  return below(folder, "", ignored);
}

function below(folder: string, at: string, ignored: Ignored): Entry[] {
  const names = readdirSync(join(folder, at)).sort((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  return names.flatMap((name) => {
    const path = at === "" ? name : `${at}/${name}`;
    const leftOut = ignored.has(path);
    const entry = entryAt(folder, path);
    const own = leftOut ? [] : [entry];
    // A large ignored folder, such as node_modules, is not read.
    const descend = entry.kind === "folder" && (!leftOut || ignored.canBringBack);
    return descend ? [...own, ...below(folder, path, ignored)] : own;
  });
}

function entryAt(folder: string, path: string): Entry {
  const full = join(folder, path);
  const stat = lstatSync(full);
  const { mode } = stat;
  if (stat.isSymbolicLink()) return { path, kind: "link", mode, target: readlinkSync(full) };
  return { path, kind: stat.isFile() ? "file" : stat.isDirectory() ? "folder" : "other", mode };
}
