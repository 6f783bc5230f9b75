import { codeFrame, lineFrame } from "./frame";
import { type Problem } from "./problem";

/** One line with settings of a daemon outside its configuration file, and the line's place. */
export interface SourcedLine {
  /** Its file: a unit, a drop-in, or /etc/default/docker. `command line` for a running process. */
  file: string;
  /** The line number from 1; for a setting over several lines, that of the first one. */
  line?: number;
  text: string;
  /** The whole file, for a message with a code frame. */
  content?: string;
}

/** A problem at the first occurrence of a word in a setting, with line, column and frame if they are known. */
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

/** Whether the setting of a unit continues after this line. Comment lines in between are ignored. */
function goesOn(lines: readonly string[], line: number): boolean {
  const text = lines[line - 1] ?? "";
  return line < lines.length && (/\\\r?$/.test(text) || /^\s*[#;]/.test(text));
}

function columnOf(text: string, word: string): number {
  return Math.max(text.indexOf(word), text.search(/\S/), 0) + 1;
}
