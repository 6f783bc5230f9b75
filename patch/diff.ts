import { formatPatch, structuredPatch } from "diff";

import { maskSecrets } from "./mask";
import { type FilePlan } from "./plan";

/**
 * The changes of a file in a plan, as a unified diff. The diff is made from the real texts, and then the credentials in
 * its lines are masked. If a line differs only in masked parts, the diff says so.
 *
 * @param live the text after the old file name; `desired` is the text after the new one
 */
export function fileDiff(file: FilePlan, live = "", desired = ""): string {
  if (file.edits.length === 0) return "";
  const before = textOf(file.base);
  const after = textOf(file.desired);
  const patch = structuredPatch(
    file.base === undefined ? "/dev/null" : file.path,
    file.desired === undefined ? "/dev/null" : file.path,
    before,
    after,
    live,
    desired,
    { context: 3 },
  );
  const shownBefore = maskSecrets(before).split("\n");
  const shownAfter = maskSecrets(after).split("\n");
  for (const hunk of patch.hunks) {
    let inBefore = hunk.oldStart - 1;
    let inAfter = hunk.newStart - 1;
    const removed = new Set<string>();
    hunk.lines = hunk.lines.map((line) => {
      if (line.startsWith("\\")) return line;
      if (line.startsWith("-")) {
        const shown = shownBefore[inBefore++] ?? "";
        removed.add(shown);
        return `-${shown}`;
      }
      const shown = shownAfter[inAfter++] ?? "";
      if (line.startsWith("+")) return `+${shown}${removed.has(shown) ? HIDDEN_CHANGE : ""}`;
      inBefore++;
      removed.clear();
      return ` ${shown}`;
    });
  }
  // The library writes the name and a ruler above each file, which are not needed.
  return formatPatch(patch).replace(/^(?:Index: .*\n)?=+\n/, "");
}

const HIDDEN_CHANGE = " (changed within what is hidden)";

function textOf(bytes: Buffer | undefined): string {
  return (bytes ?? Buffer.alloc(0)).toString("utf8");
}
