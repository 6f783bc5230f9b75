import { maskSecrets } from "./mask";

/** So much of a line is shown; of a longer one, what is around the place. */
const WIDTH = 100;

/** The line with its neighbours, a mark below the column. Credential values are masked. */
export function codeFrame(text: string, line: number, column: number): string {
  const lines = text.split("\n");
  const first = Math.max(1, line - 1);
  return frameOf(lines.slice(first - 1, line + 1), first, line, column);
}

/** A frame of one line, where its neighbours are not known. */
export function lineFrame(text: string, line: number, column: number): string {
  return frameOf([text], line, line, column);
}

function frameOf(lines: readonly string[], first: number, line: number, column: number): string {
  const width = String(line + 1).length;
  return lines
    .flatMap((text, index) => {
      const number = first + index;
      const gutter = `${number === line ? ">" : " "} ${String(number).padStart(width)} | `;
      const shown = shownLine(text, number === line ? column - 1 : 0);
      const row = (gutter + shown.text).trimEnd();
      // Tabs are repeated, so that the mark stands below its character whatever the tab width is.
      const before = shown.text.slice(0, shown.mark).replace(/[^\t]/g, " ");
      return number === line ? [row, `  ${" ".repeat(width)} | ${before}^`] : [row];
    })
    .join("\n");
}

/** A line without its credentials, cut to the width around an offset, and where in it that offset is. */
function shownLine(line: string, offset: number): { text: string; mark: number } {
  // Masked as a whole: cut out of its line, a credential would no longer be known for one.
  const text = printable(maskSecrets(line.replace(/\r$/, "")));
  const mark = Math.min(offset, text.length);
  if (text.length <= WIDTH) return { text, mark };
  const start = Math.max(0, Math.min(mark - WIDTH / 2, text.length - WIDTH));
  const end = start + WIDTH;
  const [before, behind] = [start > 0 ? "…" : "", end < text.length ? "…" : ""];
  return {
    text: before + text.slice(start, end) + behind,
    mark: mark - start + before.length,
  };
}

/** Control characters as the signs for them: an escape sequence in a file is not for the terminal. */
function printable(line: string): string {
  return line.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\ufffd";
  });
}
