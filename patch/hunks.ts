import { type FilePlan } from "./plan";
import { type Problem, Refusal } from "./problem";

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
  const base = splitLines(plan.base ?? Buffer.alloc(0));
  const desired = splitLines(plan.desired ?? Buffer.alloc(0));
  if (base.lines.length > 0 && desired.lines.length > 0 && base.closed !== desired.closed) {
    throw new Error(`${plan.path}: a plan must not change whether the last line is closed`);
  }
  const found: Hunk[] = [];
  let shift = 0; // lines of desired less lines of base, before the region at hand
  for (const region of regions(plan)) {
    const removed = base.lines.slice(region.from, region.to);
    const added = desired.lines.slice(region.from + shift, region.to + shift + region.growth);
    shift += region.growth;
    const hunk = trimmed(region.from, removed, added);
    if (hunk !== undefined) found.push(hunk);
  }
  return found;
}

/**
 * Takes hunks out of a file that may have been edited since: `removed` is put back where `added` is.
 *
 * @throws Refusal when the lines of a hunk are not found exactly once, as they were written, or a hunk
 * has no lines to look for: then only a person can tell what is ours.
 */
export function withoutHunks(path: string, bytes: Buffer, undone: readonly Hunk[]): Buffer {
  const { lines, closed } = splitLines(bytes);
  for (const hunk of [...undone].reverse()) {
    const added = hunk.added.map(toBytes);
    const places = occurrences(lines, added);
    const [place] = places;
    if (place === undefined || places.length > 1) throw new Refusal([lost(path, hunk, places)]);
    lines.splice(place, added.length, ...hunk.removed.map(toBytes));
  }
  return joinLines({ lines, closed });
}

/** Do the hunks of a plan, taken out of its desired bytes where they stand, give its base again? */
export function revert(plan: FilePlan): boolean {
  const desired = splitLines(plan.desired ?? Buffer.alloc(0));
  const lines = [...desired.lines];
  // Hunks stand at lines of the base. Undone from the first one on, what is before each is base again.
  for (const hunk of hunks(plan)) {
    lines.splice(hunk.line - 1, hunk.added.length, ...hunk.removed.map(toBytes));
  }
  const base = plan.base ?? Buffer.alloc(0);
  const closed = desired.lines.length > 0 ? desired.closed : splitLines(base).closed;
  return joinLines({ lines, closed }).equals(base);
}

/** A run of base lines, and how many lines longer it is in the desired text. */
interface Region {
  from: number;
  to: number;
  growth: number;
}

/** The lines that each edit touches; edits that share a line share a region. */
function regions(plan: FilePlan): Region[] {
  const base = plan.base ?? Buffer.alloc(0);
  const total = splitLines(base).lines.length;
  const found: Region[] = [];
  let counted = 0;
  let line = 0;
  const lineAt = (offset: number): number => {
    line += newlines(base.subarray(counted, offset));
    counted = offset;
    return line;
  };
  for (const edit of plan.edits) {
    const from = lineAt(edit.offset);
    const last = lineAt(edit.offset + edit.length);
    const to = Math.min(last + 1, total);
    const growth = newlines(Buffer.from(edit.text)) - (last - from);
    const previous = found[found.length - 1];
    if (previous !== undefined && from < previous.to) {
      previous.to = Math.max(previous.to, to);
      previous.growth += growth;
    } else {
      found.push({ from: Math.min(from, total), to, growth });
    }
  }
  return found;
}

/** Without the lines at either end that are the same before and after. */
function trimmed(from: number, before: string[], after: string[]): Hunk | undefined {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const removed = before.slice(start, before.length - end);
  const added = after.slice(start, after.length - end);
  if (removed.length === 0 && added.length === 0) return undefined;
  return { line: from + start + 1, removed: removed.map(toText), added: added.map(toText) };
}

/** Every index at which the run of lines begins; none for an empty run. */
function occurrences(lines: readonly string[], run: readonly string[]): number[] {
  const [first] = run;
  if (first === undefined) return [];
  const found: number[] = [];
  for (let at = lines.indexOf(first); at >= 0; at = lines.indexOf(first, at + 1)) {
    if (run.every((line, index) => lines[at + index] === line)) found.push(at);
  }
  return found;
}

function lost(path: string, hunk: Hunk, places: readonly number[]): Problem {
  const quote = (lines: string[]) => lines.map((line) => `\`${line.trim()}\``).join(", ");
  if (hunk.added.length === 0) {
    return {
      file: path,
      line: hunk.line,
      expected: "the file as it was written, with these lines taken out",
      found: "a file edited since",
      fix: `put them back by hand: ${quote(hunk.removed)}`,
    };
  }
  const back = hunk.removed.length === 0 ? "" : `, and put back ${quote(hunk.removed)}`;
  return {
    file: path,
    ...(places[0] !== undefined && { line: places[0] + 1 }),
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
  const closed = lines[lines.length - 1] === "";
  if (closed) lines.pop();
  return { lines, closed };
}

function joinLines({ lines, closed }: Lines): Buffer {
  if (lines.length === 0) return Buffer.alloc(0);
  return Buffer.from(lines.join("\n") + (closed ? "\n" : ""), "latin1");
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}

const toText = (line: string): string => Buffer.from(line, "latin1").toString("utf8");
const toBytes = (line: string): string => Buffer.from(line, "utf8").toString("latin1");
