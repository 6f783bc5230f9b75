import { diffArrays } from "diff";
import { maskSecrets } from "../patch";
import { bytesOf, type ManagedFile } from "./observation";

/** Lines from `start` up to `end`, counted from 0. */
interface Range {
  start: number;
  end: number;
}

/** A run of lines as it was written, and what stands there now. */
interface Part {
  written: Range;
  now: Range;
  same: boolean;
}

/**
 * What a person should know of a file in which our own lines were edited: what stands there now cannot be told from an
 * admin's, and so it stays. Undefined: no such line is there.
 */
export function editedByHand(managed: ManagedFile): string | undefined {
  const { file, baseline, written } = managed;
  if (written?.text === undefined || written.hunks === undefined || baseline === undefined) return;
  const now = linesOf(bytesOf(file) ?? Buffer.alloc(0));
  const parts = compare(linesOf(decode(written.text)), now);
  const theirs = new Set(linesOf(decode(baseline)));
  const stay = addedBy(decode(written.hunks).toString("utf8"))
    .flatMap((ours) => standing(ours, parts))
    .filter((at) => /\w/.test(now[at] ?? "") && theirs.has(now[at] ?? ""));
  if (stay.length === 0) return undefined;
  const shown = [...new Set(stay)].map((at) => `\n  line ${at + 1}: ${now[at]?.trim()}`);
  return (
    `${file.path}: our lines were edited by hand; these stay, as an admin's, and destroy leaves them too ` +
    `(take them out if nobody wants them):${maskSecrets(shown.join(""))}`
  );
}

/** The lines that now stand where ours were, if anybody's hand was at them; none where they are as written. */
function standing(ours: Range, parts: readonly Part[]): number[] {
  const among = parts.filter(({ written: { start, end } }) =>
    // Lines that were put in have no length in what was written: between two of ours they are among them.
    start === end ? ours.start < start && start < ours.end : start < ours.end && ours.start < end,
  );
  if (among.every(({ same }) => same)) return [];
  return among.flatMap(({ written, now, same }) => {
    const start = same ? now.start + Math.max(0, ours.start - written.start) : now.start;
    const end = same ? now.end - Math.max(0, written.end - ours.end) : now.end;
    return Array.from({ length: end - start }, (_, index) => start + index);
  });
}

function compare(written: readonly string[], now: readonly string[]): Part[] {
  const parts: Part[] = [];
  let at = { written: 0, now: 0 };
  for (const { added, removed, value } of diffArrays([...written], [...now])) {
    const to = {
      written: at.written + (added ? 0 : value.length),
      now: at.now + (removed ? 0 : value.length),
    };
    const last = parts.at(-1);
    const same = !added && !removed;
    if (last !== undefined && !last.same && !same) {
      last.written.end = to.written;
      last.now.end = to.now;
    } else {
      parts.push({
        written: { start: at.written, end: to.written },
        now: { start: at.now, end: to.now },
        same,
      });
    }
    at = to;
  }
  return parts;
}

/** Where the added lines of a unified diff stand in its new text. */
function addedBy(hunks: string): Range[] {
  const ranges: Range[] = [];
  let at = 0;
  for (const line of hunks.split("\n")) {
    const start = /^@@ .* \+(\d+)/.exec(line)?.[1];
    if (start !== undefined) at = Number(start) - 1;
    else if (line.startsWith("+")) {
      const last = ranges.at(-1);
      if (last?.end === at) last.end++;
      else ranges.push({ start: at, end: at + 1 });
      at++;
    } else if (line.startsWith(" ")) at++;
  }
  return ranges;
}

const decode = (base64: string) => Buffer.from(base64, "base64");
const linesOf = (bytes: Buffer) => bytes.toString("utf8").split("\n");
