import { fileDiff } from "../patch/diff";
import type { FilePlan } from "../patch/plan";

/** A plan as a unified diff from the live files to the desired ones, with credentials masked. */
export function planDiff(files: readonly FilePlan[]): string {
  return files.map((file) => fileDiff(file, "live", "desired")).join("");
}
