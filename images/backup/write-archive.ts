import { closeSync, createWriteStream, existsSync, openSync, rmSync, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack, type Pack } from "tar-stream";

/** One file of an archive. */
export interface ArchiveFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  readonly content: Uint8Array | (() => AsyncIterable<Uint8Array>);
}

const partialOf = (file: string) => `${file}.partial`;

/**
 * Tries whether an archive could be written, and leaves nothing: a backup can take hours until it has its name.
 * @throws Error that says what to do
 */
export function refuseUnwritable(file: string): void {
  const partial = partialOf(file);
  let isFolder: boolean;
  try {
    isFolder = statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
    // Another backup can be writing it.
    const existed = existsSync(partial);
    closeSync(openSync(partial, "a", 0o600));
    if (!existed) rmSync(partial);
  } catch (error) {
    throw new Error(whyUnwritable(file, error as NodeJS.ErrnoException), { cause: error });
  }
  if (isFolder)
    throw new Error(
      `${file} is a folder; name a file to write, such as ${join(file, "images.tar")}`,
    );
}

function whyUnwritable(file: string, { code, message }: NodeJS.ErrnoException): string {
  const folder = dirname(file);
  return code === "ENOENT" || code === "ENOTDIR"
    ? `${file} cannot be written, because there is no folder ${folder}; create it, or choose another name`
    : `${file} cannot be written (${message}); choose another name, in a folder that you can write to`;
}

/**
 * Writes a tar archive, one file after the other, and never holds one in memory. It has its name once it is complete and
 * on the disk; until then it is FILE.partial, which an error removes.
 *
 * @param date of every file
 */
export async function writeArchive(
  file: string,
  files: Iterable<ArchiveFile>,
  date: Date,
): Promise<void> {
  const partial = partialOf(file);
  const archive = pack();
  const stop = new AbortController();
  const written = pipeline(archive, createWriteStream(partial, { mode: 0o600 }), {
    signal: stop.signal,
  });
  try {
    await Promise.race([written, addAll(archive, files, date)]);
    archive.finalize();
    await written;
    await flush(partial);
    await rename(partial, file);
  } catch (error) {
    stop.abort();
    await written.catch(() => undefined); // The first error is the one to tell.
    await rm(partial, { force: true });
    throw error;
  }
}

async function addAll(archive: Pack, files: Iterable<ArchiveFile>, mtime: Date): Promise<void> {
  for (const { path: name, size, content } of files) {
    const header = { name, size, mtime, mode: 0o644 };
    if (content instanceof Uint8Array)
      await new Promise<void>((done, reject) =>
        archive.entry(header, Buffer.from(content), (error) => (error ? reject(error) : done())),
      );
    else await pipeline(Readable.from(content()), archive.entry(header));
  }
}

/** The rename must not reach the disk before the content. */
async function flush(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
