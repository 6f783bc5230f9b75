import { chmodSync, chownSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { HostFile } from "./files";

/**
 * Writes files into the upper layer of a host that is not running. A folder that also exists in the image keeps the
 * image's mode and owner, because those of the upper layer would replace them. A new folder gets the file's owner and
 * is private.
 */
export function writeFiles(upper: string, image: string, files: HostFile[]): void {
  for (const { path, contents, mode, owner = 0 } of files) {
    makeFolder(upper, image, dirname(path), owner);
    const target = join(upper, path);
    writeFileSync(target, contents);
    chownSync(target, owner, owner);
    chmodSync(target, mode);
  }
}

function makeFolder(upper: string, image: string, path: string, owner: number): void {
  const target = join(upper, path);
  if (existsSync(target)) return;
  if (path !== ".") makeFolder(upper, image, dirname(path), owner);
  const like = join(image, path);
  const known = existsSync(like) ? statSync(like) : { uid: owner, gid: owner, mode: 0o700 };
  mkdirSync(target);
  chownSync(target, known.uid, known.gid);
  chmodSync(target, known.mode & 0o7777);
}
