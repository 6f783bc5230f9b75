import { type Edit, type FilePlan } from "./plan";

const NEWLINE = 0x0a;

/**
 * A plan by lines: what an undo removes and restores.
 *
 * A line is the text between two "
 * ". In a file with CRLF line ends, it ends with "\r". Whether the file's last line has a "
 * " is not part of any line: a plan never changes it, so an undo keeps it as it is. An empty file has no lines.
 */
export interface Hunk {
  /** The place of the hunk in the base, from 1: `removed` starts at this line, and `added` comes before it. */
  line: number;
  removed: string[];
  added: string[];
}

/**
 * The hunks of a plan, in file order, each as small as possible. If a plan only inserts lines, `removed` is empty, so
 * no line of anybody else is in its hunks.
 */
export function hunks(plan: FilePlan): Hunk[] {
  if (plan.edits.length === 0) return [];
  const base = closed(plan.base);
  const desired = closed(plan.desired);
  if (base.added !== desired.added && base.bytes.length > 0 && desired.bytes.length > 0) {
    throw new Error(`${plan.path}: a plan must not change whether the last line is closed`);
  }
  const found: Hunk[] = [];
  let line = 1;
  let counted = 0;
  for (const region of regions(plan.edits, base.bytes, desired.bytes)) {
    line += newlines(base.bytes, counted, region.from);
    counted = region.from;
    const removed = linesOf(base.bytes.subarray(region.from, region.to));
    const added = linesOf(desired.bytes.subarray(region.desiredFrom, region.desiredTo));
    const hunk = trimmed(line, removed, added);
    if (hunk !== undefined) found.push(hunk);
  }
  return found;
}

/** Whether the base results if a plan's hunks are reverted in its desired bytes. */
export function revert(plan: FilePlan): boolean {
  const base = closed(plan.base).bytes;
  const desired = closed(plan.desired).bytes;
  let line = 1;
  let inBase = 0;
  let inDesired = 0;
  /** Moves on in both texts over bytes that must be equal. */
  const goOn = (end: number): boolean => {
    const length = end - inBase;
    const same =
      inDesired + length <= desired.length &&
      base.compare(desired, inDesired, inDesired + length, inBase, end) === 0;
    inBase = end;
    inDesired += length;
    return same;
  };
  for (const hunk of hunks(plan)) {
    if (!goOn(afterLines(base, inBase, hunk.line - line))) return false;
    const removed = textOf(hunk.removed);
    const added = textOf(hunk.added);
    if (base.toString("utf8", inBase, (inBase += Buffer.byteLength(removed))) !== removed)
      return false;
    if (desired.toString("utf8", inDesired, (inDesired += Buffer.byteLength(added))) !== added)
      return false;
    line = hunk.line + hunk.removed.length;
  }
  return goOn(base.length) && inDesired === desired.length;
}

/** Some whole lines of the base, and their new text, as byte offsets. */
interface Region {
  from: number;
  to: number;
  desiredFrom: number;
  desiredTo: number;
}

/** The lines that each edit touches. Edits on the same line share a region. */
function regions(edits: readonly Edit[], base: Buffer, desired: Buffer): Region[] {
  const found: Region[] = [];
  let shift = 0;
  edits.forEach((edit, index) => {
    const from = edit.offset === 0 ? 0 : base.lastIndexOf(NEWLINE, edit.offset - 1) + 1;
    const newline = base.indexOf(NEWLINE, edit.offset + edit.length);
    // New lines at the start of a line do not touch an existing one.
    const insertsLines = edit.length === 0 && from === edit.offset && edit.text.endsWith("\n");
    const to = insertsLines ? from : newline < 0 ? base.length : newline + 1;
    const desiredFrom = from + shift;
    shift += Buffer.byteLength(edit.text) - edit.length;
    const isLast = index === edits.length - 1 && to === base.length;
    const desiredTo = isLast ? desired.length : to + shift;
    const previous = found[found.length - 1];
    if (previous !== undefined && from < previous.to) {
      previous.to = Math.max(previous.to, to);
      previous.desiredTo = desiredTo;
    } else {
      found.push({ from, to, desiredFrom, desiredTo });
    }
  });
  return found;
}

/** Removes equal lines at both ends. */
function trimmed(line: number, before: string[], after: string[]): Hunk | undefined {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const removed = before.slice(start, before.length - end);
  const added = after.slice(start, after.length - end);
  if (removed.length === 0 && added.length === 0) return undefined;
  return { line: line + start, removed, added };
}

/**
 * The bytes with a "
 * " after every line, and whether one was added.
 */
function closed(bytes: Buffer | undefined): { bytes: Buffer; added: boolean } {
  if (bytes === undefined || bytes.length === 0) return { bytes: Buffer.alloc(0), added: false };
  if (bytes[bytes.length - 1] === NEWLINE) return { bytes, added: false };
  return { bytes: Buffer.concat([bytes, Buffer.from("\n")]), added: true };
}

function linesOf(bytes: Buffer): string[] {
  return bytes.length === 0 ? [] : bytes.toString("utf8").slice(0, -1).split("\n");
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function newlines(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (bytes[at] === NEWLINE) count++;
  return count;
}

/** The offset after this number of lines. */
function afterLines(bytes: Buffer, from: number, count: number): number {
  let at = from;
  for (let left = count; left > 0 && at < bytes.length; at++) if (bytes[at] === NEWLINE) left--;
  return at;
}
