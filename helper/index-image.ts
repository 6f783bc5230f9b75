import { readFileSync } from "node:fs";
import { join } from "node:path";
import { shellWord } from "./shell-word";

/** An image of several platforms, for the registry whose host pushes it. */
export interface IndexImage {
  /** The registry as in image names, `ADDRESS:PORT`. */
  readonly registry: string;
  /** Its name in the registry. */
  readonly repository: string;
  readonly tag: string;
  readonly platforms: readonly string[];
  /** What docker loads: each platform's image under the reference `REGISTRY/REPOSITORY:TAG-PLATFORM`. */
  readonly archive: Buffer;
  /** If this changes, the image is pushed again. */
  readonly again: string;
}

/** Pushes the image with the host's docker, and prints `REFERENCE@sha256:...`. The program comes on stdin. */
export const indexPush = "sh -s push";
/** Removes the image's tags from the registry, or prints why they stay. The program comes on stdin. */
export const indexRemove = "sh -s remove";

let program: string | undefined;

/** The program for a registry's host, with its inputs: it is read to its end before it runs. */
export function indexText(image: IndexImage): string {
  const { registry, repository, tag, platforms, archive, again } = image;
  const [, address = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(registry) ?? [];
  program ??= readFileSync(join(__dirname, "images", "index.sh"), "utf8");
  const values = {
    registry,
    address,
    port,
    repository,
    tag,
    platforms: platforms.join(" "),
    again,
  };
  return [
    "{",
    ...Object.entries(values).map(([name, value]) => `${name}=${shellWord(value)}`),
    "archive() {",
    "  base64 -d <<'archive'",
    ...(archive.toString("base64").match(/.{1,120}/g) ?? []),
    "archive",
    "}",
    program,
    "}",
    "",
  ].join("\n");
}
