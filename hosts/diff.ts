import { createTwoFilesPatch } from "diff";
import type { FilePlan } from "../patch/plan";
import { maskText } from "./mask";

/** What a plan changes, as a unified diff from the live files to the desired ones, credentials masked. */
export function planDiff(files: readonly FilePlan[]): string {
  return files
    .filter((file) => file.edits.length > 0)
    .map(fileDiff)
    .join("");
}

function fileDiff(file: FilePlan): string {
  const patch = createTwoFilesPatch(
    file.base === undefined ? "/dev/null" : file.path,
    file.desired === undefined ? "/dev/null" : file.path,
    text(file.base),
    text(file.desired),
    "live",
    "desired",
    { context: 3 },
  );
  // The library puts the name and a ruler above each file, which say nothing more.
  return patch.replace(/^(Index: .*\n)?=+\n/, "");
}

function text(bytes: Buffer | undefined): string {
  return maskText((bytes ?? Buffer.alloc(0)).toString("utf8"));
}
