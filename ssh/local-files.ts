import { readdirSync, readFileSync } from "node:fs";

/** A file's text; undefined if the file does not exist. */
export function readIfThere(path: string): string | undefined {
  return unlessMissing(() => readFileSync(path, "utf8"));
}

/** The names in a folder; empty if the folder does not exist. */
export function listFolder(path: string): string[] {
  return unlessMissing(() => readdirSync(path)) ?? [];
}

function unlessMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? ""))
      return undefined;
    throw error;
  }
}
