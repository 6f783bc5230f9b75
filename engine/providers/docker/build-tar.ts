import { createReadStream, lstatSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { pack, type Headers, type Pack } from "tar-stream";
import { type Ignored, ignored, ignoreText } from "../../../build-context/ignored";
import { type Entry, walk } from "../../../build-context/walk";

/** The Dockerfile's name in the archive, if it is outside of the folder. */
const OUTSIDE = ".dockerfile.outside";

/** A build's folder as the archive that the daemon takes. */
export interface BuildTar {
  readonly stream: NodeJS.ReadableStream;
  /** The Dockerfile's path in the archive. */
  readonly dockerfile: string;
}

/**
 * Packs a folder. Ignored files are left out, except the Dockerfile and `.dockerignore`, which the daemon needs: it
 * does not copy them into the image if they are ignored. Everything is owned by root, as docker's own client does it.
 * @param base  the folder where relative paths start
 */
export function buildTar(base: string, context: string, dockerfile: string): BuildTar {
  const folder = resolve(base, context);
  const file = resolve(base, dockerfile);
  const inside = relative(folder, file).replaceAll("\\", "/");
  const outside = inside.startsWith("../");
  const rules = ignored(ignoreText(folder, file));
  const needed = new Set([".dockerignore", inside]);
  const kept: Ignored = {
    has: (path) => !needed.has(path) && rules.has(path),
    // The Dockerfile can be in an ignored folder.
    canBringBack: rules.canBringBack || inside.includes("/"),
  };
  const archive = pack();
  const entries = walk(folder, kept);
  const work = outside
    ? packOutside(archive, folder, entries, readFileSync(file))
    : packAll(archive, folder, entries);
  // An error reaches the reader of the archive.
  work.then(
    () => archive.finalize(),
    (error: Error) => archive.destroy(error),
  );
  return { stream: archive, dockerfile: outside ? OUTSIDE : inside };
}

/** The daemon must see the Dockerfile, and the image must not. */
async function packOutside(
  archive: Pack,
  folder: string,
  entries: readonly Entry[],
  dockerfile: Buffer,
): Promise<void> {
  const own = entries.find(({ path }) => path === ".dockerignore");
  const text = own === undefined ? "" : readFileSync(join(folder, own.path), "utf8");
  await packAll(
    archive,
    folder,
    entries.filter((entry) => entry !== own),
  );
  const hidden = `${text}\n.dockerignore\n${OUTSIDE}\n`;
  await add(archive, { name: ".dockerignore", mode: 0o600 }, Buffer.from(hidden));
  await add(archive, { name: OUTSIDE, mode: 0o600 }, dockerfile);
}

async function packAll(archive: Pack, folder: string, entries: readonly Entry[]): Promise<void> {
  for (const { path, kind, mode, target } of entries) {
    const common = { name: path, mode: mode & 0o7777, mtime: new Date(0) };
    if (kind === "folder") await add(archive, { ...common, type: "directory" });
    else if (kind === "link")
      await add(archive, { ...common, type: "symlink", linkname: target ?? "" });
    else if (kind === "file") await addFile(archive, common, join(folder, path));
  }
}

function add(archive: Pack, header: Headers, contents?: Buffer): Promise<void> {
  return new Promise((done, reject) => {
    const finished = (error?: Error | null): void => (error ? reject(error) : done());
    if (contents === undefined) archive.entry(header, finished);
    else archive.entry(header, contents, finished);
  });
}

async function addFile(archive: Pack, header: Headers, path: string): Promise<void> {
  const { size } = lstatSync(path);
  if (size === 0) return add(archive, { ...header, size }, Buffer.alloc(0));
  await pipeline(createReadStream(path), archive.entry({ ...header, size }));
}
