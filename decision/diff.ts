import { createHash } from "node:crypto";
import { fileDiff } from "../patch/diff";
import type { FilePlan } from "../patch/plan";

/** A plan as a unified diff from the live files to the desired ones, with credentials masked. */
export function planDiff(files: readonly FilePlan[]): string {
  return files
    .map((file) => (file.path.endsWith(".html") ? sizes(file) : fileDiff(file, "live", "desired")))
    .join("");
}

/** The built page is one long line, which nobody reads. */
function sizes({ path, base, desired }: FilePlan): string {
  const name = (bytes: Buffer | undefined) => (bytes === undefined ? "/dev/null" : path);
  const lines = [
    `--- ${name(base)}\tlive`,
    `+++ ${name(desired)}\tdesired`,
    `@@ -${base === undefined ? "0,0" : "1"} +${desired === undefined ? "0,0" : "1"} @@`,
    ...(base === undefined ? [] : [`-${measured(base)}`]),
    ...(desired === undefined ? [] : [`+${measured(desired)}`]),
    "",
  ];
  return lines.join("\n");
}

const measured = (bytes: Buffer) =>
  `${bytes.length} bytes, sha256 ${createHash("sha256").update(bytes).digest("hex")}`;
