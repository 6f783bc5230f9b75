import { hiddenSpans, type HiddenSpan } from "./mask";

/** The maximum width. A longer line is cut to the part around the place. */
const WIDTH = 100;

/** The line and its neighbours, with a mark below the column. Credentials are masked. */
export function codeFrame(text: string, line: number, column: number): string {
  const first = Math.max(1, line - 1);
  return frameOf(text, first, line + 1, line, column);
}

/** A frame of one line whose neighbours are not known. */
export function lineFrame(text: string, line: number, column: number): string {
  return frameOf("\n".repeat(line - 1) + text, line, line, line, column);
}

function frameOf(text: string, first: number, last: number, line: number, column: number): string {
  const width = String(line + 1).length;
  // From the whole text, because a credential may begin above the lines that are shown.
  const hidden = hiddenSpans(text);
  let start = 0;
  return text
    .split("\n")
    .slice(0, last)
    .flatMap((content, index) => {
      const from = start;
      start += content.length + 1;
      const number = index + 1;
      if (number < first) return [];
      const gutter = `${number === line ? ">" : " "} ${String(number).padStart(width)} | `;
      const spans = hidden
        .filter((span) => from <= span.start && span.end <= start)
        .map((span) => ({ start: span.start - from, end: span.end - from }));
      const shown = shownLine(content, spans, number === line ? column - 1 : 0);
      const row = (gutter + shown.text).trimEnd();
      // Tabs are repeated, so that the mark is below its character with any tab width.
      const before = shown.text.slice(0, shown.mark).replace(/[^\t]/g, " ");
      return number === line ? [row, `  ${" ".repeat(width)} | ${before}^`] : [row];
    })
    .join("\n");
}

/** A line without its credentials, cut to the width around an offset, and the new place of that offset. */
function shownLine(
  line: string,
  hidden: readonly HiddenSpan[],
  offset: number,
): { text: string; mark: number } {
  let masked = "";
  let at = 0;
  let mark = offset;
  for (const { start, end } of hidden) {
    masked += `${line.slice(at, start)}***`;
    if (offset >= end) mark += 3 - (end - start);
    else if (offset > start) mark += start - offset;
    at = end;
  }
  const text = printable((masked + line.slice(at)).replace(/\r$/, ""));
  mark = Math.min(mark, text.length);
  if (text.length <= WIDTH) return { text, mark };
  const start = Math.max(0, Math.min(mark - WIDTH / 2, text.length - WIDTH));
  const end = start + WIDTH;
  const [before, behind] = [start > 0 ? "…" : "", end < text.length ? "…" : ""];
  return {
    text: before + text.slice(start, end) + behind,
    mark: mark - start + before.length,
  };
}

/** Shows control characters as symbols, so that an escape sequence in a file does not reach the terminal. */
function printable(line: string): string {
  return line.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\ufffd";
  });
}
