/** Splits a message of the program into lines, and shortens its unified diffs to the changes. Pure. */

export interface MessageLine {
  kind: "text" | "file" | "added" | "removed" | "context";
  text: string;
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/**
 * `full` keeps diffs as they are. Otherwise a diff becomes a heading with the file and line, and the removed and added
 * lines.
 */
export function messageLines(text: string, full: boolean): MessageLine[] {
  const lines = text.trimEnd().split("\n");
  const shown: MessageLine[] = [];
  let path = "";
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const next = lines[at + 1] ?? "";
    if (line.startsWith("--- ") && next.startsWith("+++ ")) {
      path = named(next) === "/dev/null" ? named(line) : named(next);
      if (full) shown.push({ kind: "file", text: line }, { kind: "file", text: next });
      at += 1;
      continue;
    }
    const hunk = HUNK.exec(line);
    if (!hunk || path === "") {
      shown.push({ kind: "text", text: line });
      continue;
    }
    const body = bodyOf(lines.slice(at + 1), count(hunk[2]), count(hunk[4]));
    if (full) shown.push({ kind: "context", text: line }, ...body);
    else shown.push(...changed(path, Number(hunk[1]), Number(hunk[3]), body));
    at += body.length;
  }
  return shown;
}

const named = (line: string): string => line.slice(4).split("\t")[0] ?? "";
const count = (text: string | undefined): number => (text === undefined ? 1 : Number(text));

/** The lines of one hunk. Counts them by the hunk's header, so that text after the hunk is not read as context. */
function bodyOf(lines: readonly string[], before: number, after: number): MessageLine[] {
  const body: MessageLine[] = [];
  let [old, now] = [0, 0];
  for (const text of lines) {
    if (text.startsWith("\\")) {
      body.push({ kind: "context", text });
      continue;
    }
    if (old >= before && now >= after) break;
    if (!text.startsWith("+")) old += 1;
    if (!text.startsWith("-")) now += 1;
    const kind = text.startsWith("+") ? "added" : text.startsWith("-") ? "removed" : "context";
    body.push({ kind, text });
  }
  return body;
}

/**
 * Puts each run of changed lines below its file and first line: the live file's line if lines are removed, else the new
 * file's.
 */
function changed(
  path: string,
  oldStart: number,
  newStart: number,
  body: readonly MessageLine[],
): MessageLine[] {
  const shown: MessageLine[] = [];
  let [old, now] = [oldStart, newStart];
  let inRun = false;
  for (const line of body) {
    if (line.text.startsWith("\\")) continue;
    if (line.kind === "context") {
      [old, now, inRun] = [old + 1, now + 1, false];
      continue;
    }
    if (!inRun) {
      const where = line.kind === "removed" ? old : now;
      shown.push({ kind: "file", text: `${path}, line ${where}:` });
      inRun = true;
    }
    shown.push(line);
    if (line.kind === "removed") old += 1;
    else now += 1;
  }
  return shown;
}
