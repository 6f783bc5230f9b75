import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { ignored, ignoreText } from "./ignored";
import { walk } from "./walk";

/** Letters of a mode as Go prints them. */
const LETTERS = "rwxrwxrwx";

/**
 * The `contextDigest` that pulumi-docker 5.2.0 adds to an Image's inputs. If it changes, the image is built again, so
 * this must be the same value: a stack can change between both engines.
 * @param base  the folder where relative paths start
 */
export function providerDigest(base: string, context: string, dockerfile: string): string {
  const folder = resolve(base, context);
  const parts: Buffer[] = [];
  const add = (path: string, mode: string, bytes: Buffer | string | undefined): void => {
    const hash = createHash("sha256");
    if (bytes !== undefined) hash.update(bytes);
    parts.push(Buffer.from(path + mode), hash.digest(), Buffer.from([0]));
  };
  const file = resolve(base, dockerfile);
  add("Dockerfile", goMode(0), readFileSync(file));
  for (const { path, kind, mode } of walk(folder, ignored(ignoreText(folder, file)))) {
    const full = join(folder, path);
    if (kind === "folder") continue;
    if (kind === "file") add(path, goMode(mode), readFileSync(full));
    else if (kind === "link") add(path, `L${letters(mode)}`, linkPath(base, context, full));
    else add(path, goMode(mode), undefined);
  }
  return createHash("sha256").update(Buffer.concat(parts)).digest("hex");
}

function linkPath(base: string, context: string, link: string): string {
  const target = realpathSync(link);
  return isAbsolute(context) ? target : relative(realpathSync(base), target);
}

/** A mode as Go's FileMode prints it: the special bits first, a dash if there is none. */
function goMode(mode: number): string {
  const special = [
    [0o4000, "u"],
    [0o2000, "g"],
    [0o1000, "t"],
  ] as const;
  const set = special.filter(([bit]) => mode & bit).map(([, letter]) => letter);
  return `${set.join("") || "-"}${letters(mode)}`;
}

const letters = (mode: number): string =>
  [...LETTERS].map((letter, index) => (mode & (1 << (8 - index)) ? letter : "-")).join("");
