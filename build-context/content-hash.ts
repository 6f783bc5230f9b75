import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ignored } from "./ignored";
import { walk } from "./walk";

/** Everything that an image is built from. */
export interface BuildInput {
  readonly folder: string;
  /** The Dockerfile's text. */
  readonly dockerfile: string;
  /** The text of the `.dockerignore` file. */
  readonly ignore: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly platform: string;
}

/**
 * The SHA-256 of a build's content, in hex: paths, modes, contents and link targets of the folder's files, the
 * Dockerfile, the build arguments and the platform. Times, owners and ignored files do not count.
 */
export function contentHash({
  folder,
  dockerfile,
  ignore,
  buildArgs,
  platform,
}: BuildInput): string {
  const files = walk(folder, ignored(ignore)).map(({ path, kind, mode, target }) => [
    path,
    kind,
    // On a link, the mode has no meaning.
    kind === "link" ? 0 : mode & 0o7777,
    kind === "file" ? sha256(readFileSync(join(folder, path))) : (target ?? ""),
  ]);
  const args = Object.entries(buildArgs).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(JSON.stringify({ files, dockerfile, args, platform }));
}

const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");
