/** Writes files atomically: a new file is written beside the old one, synced, and renamed. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";

/** Joins pieces to chunks of this size, in bytes: fewer writes, and never the whole file in memory. */
const CHUNK = 512 * 1024;

export function* inChunks(pieces: readonly Buffer[]): Generator<Buffer> {
  let from = 0;
  let size = 0;
  for (let to = 0; to < pieces.length; to++) {
    size += pieces[to]!.length;
    if (size < CHUNK) continue;
    yield Buffer.concat(pieces.slice(from, to + 1), size);
    from = to + 1;
    size = 0;
  }
  yield Buffer.concat(pieces.slice(from), size);
}

/**
 * Creates the folders as needed (0700) and writes `text` to `file` (0600). `keep`: the previous file stays as
 * `file.bak`. The previous backup is removed only once the new text is on the disk, so that a full disk costs neither.
 */
export async function writeAtomically(
  file: string,
  text: string | Iterable<Buffer>,
  keep = false,
): Promise<void> {
  const folder = path.dirname(file);
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = path.join(folder, `.${path.basename(file)}.${crypto.randomUUID()}.tmp`);
  try {
    const handle = await fs.open(temporary, "wx", 0o600);
    try {
      await fs.writeFile(handle, text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (keep) await backUp(file);
    await fs.rename(temporary, file);
    await syncFolder(folder);
  } catch (cause) {
    await fs.rm(temporary, { force: true });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`cannot write ${file}: ${reason}; the file that was there is unchanged`, {
      cause,
    });
  }
}

/** Keeps the present content of `file` as `file.bak`, by a hard link if the file system supports it. */
async function backUp(file: string): Promise<void> {
  const backup = `${file}.bak`;
  const temporary = `${backup}.${crypto.randomUUID()}.tmp`;
  try {
    await fs.link(file, temporary).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") throw error;
      await fs.copyFile(file, temporary);
    });
    await fs.rename(temporary, backup);
    // A rename onto a hard link of the same file does nothing, and leaves the first name.
    await fs.rm(temporary, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
