import { codeFrame, lineFrame } from "./frame";
import { type Problem } from "./problem";

/** One line of a daemon's settings outside its configuration file, and where it stands. */
export interface SourcedLine {
  /** Its file: a unit, a drop-in, /etc/default/docker; `command line` where it is a running process's. */
  file: string;
  /** From 1; where the setting goes on over several lines, the first one. */
  line?: number;
  text: string;
  /** The whole file, for a message that shows the place. */
  content?: string;
}

/** A problem at the first place of a word in a setting, with line, column and frame where they are known. */
export function problemIn(
  source: SourcedLine,
  word: string,
  what: Pick<Problem, "expected" | "found" | "fix">,
): Problem {
  const { file, line, content } = source;
  if (line === undefined) return { file, ...what };
  const lines = content?.split("\n");
  if (content === undefined || lines === undefined) {
    const column = columnOf(source.text, word);
    return { file, line, column, ...what, frame: lineFrame(source.text, line, column) };
  }
  let at = line;
  while (!(lines[at - 1] ?? "").includes(word) && goesOn(lines, at)) at++;
  if (!(lines[at - 1] ?? "").includes(word)) at = line;
  const column = columnOf(lines[at - 1] ?? "", word);
  return { file, line: at, column, ...what, frame: codeFrame(content, at, column) };
}

/** Does the setting of a unit go on behind this line? Comment lines between count for nothing. */
function goesOn(lines: readonly string[], line: number): boolean {
  const text = lines[line - 1] ?? "";
  return line < lines.length && (/\\\r?$/.test(text) || /^\s*[#;]/.test(text));
}

function columnOf(text: string, word: string): number {
  return Math.max(text.indexOf(word), text.search(/\S/), 0) + 1;
}
