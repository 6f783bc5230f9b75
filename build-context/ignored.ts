import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import dockerignore from "@balena/dockerignore";

/** The patterns of a build: those of `DOCKERFILE.dockerignore`, else of the folder's `.dockerignore`; "" if none. */
export function ignoreText(folder: string, dockerfile: string): string {
  const file = [`${dockerfile}.dockerignore`, join(folder, ".dockerignore")].find((path) =>
    existsSync(path),
  );
  return file === undefined ? "" : readFileSync(file, "utf8");
}

/** Which paths of a build's folder the patterns leave out. */
export interface Ignored {
  /** @param path  relative to the folder */
  has(path: string): boolean;
  /** Whether a later pattern can bring back a path below an ignored folder. */
  readonly canBringBack: boolean;
}

/** Reads the text of a `.dockerignore` file. */
export function ignored(text: string): Ignored {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const rules = dockerignore({ ignorecase: false }).add(lines);
  return {
    has: (path) => rules.ignores(path),
    canBringBack: lines.some((line) => line.trim().startsWith("!")),
  };
}
