import { codeFrame } from "./frame";
import { type Edit, type FilePlan } from "./plan";
import { type Problem, Refusal } from "./problem";

const NEWLINE = 0x0a;

/**
 * The line view of a plan: what an undo takes out and puts back.
 *
 * A line is what stands between two "\n" and has none itself; in a file with CRLF line endings it ends
 * with "\r". Whether the file's last line is closed by "\n" is not part of any line: a plan never
 * changes it, so an undo keeps it as it finds it. A file of no bytes has no lines.
 */
export interface Hunk {
  /** Where the hunk stands in the base, from 1: `removed` starts at this line, `added` comes before it. */
  line: number;
  removed: string[];
  added: string[];
}

/**
 * The hunks of a plan, in file order, each as small as it can be. Lines that a plan only inserts make
 * hunks whose `removed` is empty: no line of anybody else is in them.
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

/** Do a plan's hunks, taken out of its desired bytes where they stand, give its base again? */
export function revert(plan: FilePlan): boolean {
  const base = closed(plan.base).bytes;
  const desired = closed(plan.desired).bytes;
  let line = 1;
  let inBase = 0;
  let inDesired = 0;
  /** Both go on by bytes that have to be the same. */
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

/**
 * Takes hunks out of a file that may have been edited since: `removed` is put back where `added` is. Where
 * all of them stand where they were written, that is where they are, whatever else is in the file; moved
 * by somebody's edit, each has to be there exactly once.
 *
 * @throws Refusal when the lines of a hunk are not found exactly once, as they were written, or a hunk
 * has no lines to look for: then only a person can tell what is ours.
 */
export function withoutHunks(path: string, bytes: Buffer, undone: readonly Hunk[]): Buffer {
  const { lines, closed: isClosed } = splitLines(bytes);
  // Found before any is taken out: a line that is put back may be the very same as one of another hunk.
  const places = placesAsWritten(lines, undone) ?? placesFound(path, lines, undone);
  const ordered = undone
    .map((hunk, index) => ({ hunk, place: places[index] ?? 0 }))
    .sort((a, b) => a.place - b.place);
  for (const { hunk, place } of ordered.reverse()) {
    lines.splice(place, hunk.added.length, ...hunk.removed.map(toBytes));
  }
  return joinLines({ lines, closed: isClosed });
}

/** Where the hunks stand in a file that nobody has edited above or in them; undefined: somebody has. */
function placesAsWritten(lines: readonly string[], undone: readonly Hunk[]): number[] | undefined {
  let shift = 0;
  const places = undone.map(({ line, removed, added }) => {
    const place = line - 1 + shift;
    shift += added.length - removed.length;
    return added.length > 0 && standsAt(lines, added.map(toBytes), place) ? place : -1;
  });
  return places.includes(-1) ? undefined : places;
}

function placesFound(path: string, lines: readonly string[], undone: readonly Hunk[]): number[] {
  const problems: Problem[] = [];
  const places = undone.map((hunk) => {
    const found = occurrences(lines, hunk.added.map(toBytes));
    if (found.length !== 1) problems.push(lost(path, lines, hunk, found));
    return found[0] ?? 0;
  });
  undone.forEach((hunk, index) => {
    const place = places[index] ?? 0;
    const within = undone.some((other, at) => {
      const otherPlace = places[at] ?? 0;
      return at !== index && otherPlace <= place && place < otherPlace + other.added.length;
    });
    if (within)
      problems.push({
        ...lost(path, lines, hunk, [place]),
        found: "they are there, in one another",
      });
  });
  if (problems.length > 0) throw new Refusal(problems);
  return places;
}

/** A run of whole lines of the base, and what has become of it, as offsets in bytes. */
interface Region {
  from: number;
  to: number;
  desiredFrom: number;
  desiredTo: number;
}

/** The lines that each edit touches; edits that share a line share a region. */
function regions(edits: readonly Edit[], base: Buffer, desired: Buffer): Region[] {
  const found: Region[] = [];
  let shift = 0;
  edits.forEach((edit, index) => {
    const from = edit.offset === 0 ? 0 : base.lastIndexOf(NEWLINE, edit.offset - 1) + 1;
    const newline = base.indexOf(NEWLINE, edit.offset + edit.length);
    // New lines at the start of a line touch none that is there.
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

/** Without the lines at either end that are the same before and after. */
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

/** Every index at which the run of lines begins; none for an empty run. */
function occurrences(lines: readonly string[], run: readonly string[]): number[] {
  const [first] = run;
  if (first === undefined) return [];
  const found: number[] = [];
  for (let at = lines.indexOf(first); at >= 0; at = lines.indexOf(first, at + 1)) {
    if (standsAt(lines, run, at)) found.push(at);
  }
  return found;
}

function standsAt(lines: readonly string[], run: readonly string[], at: number): boolean {
  return run.every((line, index) => lines[at + index] === line);
}

function lost(
  path: string,
  lines: readonly string[],
  hunk: Hunk,
  places: readonly number[],
): Problem {
  const at = (line: number) => ({
    line,
    column: 1,
    frame: codeFrame(Buffer.from(lines.join("\n"), "latin1").toString("utf8"), line, 1),
  });
  const quote = (lines: string[]) => lines.map((line) => `\`${line.trim()}\``).join(", ");
  if (hunk.added.length === 0) {
    return {
      file: path,
      ...at(Math.min(hunk.line, Math.max(lines.length, 1))),
      expected: "the file as it was written, with these lines taken out",
      found: "a file edited since",
      fix: `put them back by hand: ${quote(hunk.removed)}`,
    };
  }
  const back = hunk.removed.length === 0 ? "" : `, and put back ${quote(hunk.removed)}`;
  return {
    file: path,
    ...(places[0] !== undefined && at(places[0] + 1)),
    expected: "the lines written here exactly once, unchanged",
    found: places.length === 0 ? "they are not there" : `they are there ${places.length} times`,
    fix: `take out by hand ${quote(hunk.added)}${back}`,
  };
}

interface Lines {
  /** Each byte as one character, so that taking a file apart and joining it changes no byte. */
  lines: string[];
  /** Does the last line end with "\n"? True for a file without lines. */
  closed: boolean;
}

function splitLines(bytes: Buffer): Lines {
  if (bytes.length === 0) return { lines: [], closed: true };
  const lines = bytes.toString("latin1").split("\n");
  const isClosed = lines[lines.length - 1] === "";
  if (isClosed) lines.pop();
  return { lines, closed: isClosed };
}

function joinLines({ lines, closed: isClosed }: Lines): Buffer {
  if (lines.length === 0) return Buffer.alloc(0);
  return Buffer.from(lines.join("\n") + (isClosed ? "\n" : ""), "latin1");
}

const toBytes = (line: string): string => Buffer.from(line, "utf8").toString("latin1");

/** The bytes with every line closed, and whether that took a "\n" more. */
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

/** The offset behind so many lines. */
function afterLines(bytes: Buffer, from: number, count: number): number {
  let at = from;
  for (let left = count; left > 0 && at < bytes.length; at++) if (bytes[at] === NEWLINE) left--;
  return at;
}
