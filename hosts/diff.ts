import { fileDiff } from "../patch/diff";
import type { FilePlan } from "../patch/plan";

/** What a plan changes, as a unified diff from the live files to the desired ones, credentials masked. */
export function planDiff(files: readonly FilePlan[]): string {
  return files.map((file) => fileDiff(file, "live", "desired")).join("");
}
