import { type Edit } from "./plan";
import { type Source } from "./source";

/** One replacement in a text. Offsets are in UTF-16 units of the text before all edits. */
export interface TextEdit {
  offset: number;
  length: number;
  text: string;
}

/** Converts the edits to bytes, sorted. Insertions at the same place are joined in their order. */
export function toByteEdits(source: Source, edits: readonly TextEdit[]): Edit[] {
  return (edits.length > 1 ? joined(edits) : edits).map(({ offset, length, text }) => {
    const start = source.byteOffset(offset);
    return { offset: start, length: source.byteOffset(offset + length) - start, text };
  });
}

function joined(edits: readonly TextEdit[]): TextEdit[] {
  const sorted = edits
    .map((edit, order) => ({ ...edit, order }))
    .sort((a, b) => a.offset - b.offset || a.length - b.length || a.order - b.order);
  const result: TextEdit[] = [];
  for (const { offset, length, text } of sorted) {
    const previous = result[result.length - 1];
    if (previous !== undefined && previous.length === 0 && previous.offset === offset) {
      previous.text += text;
      previous.length = length;
    } else {
      result.push({ offset, length, text });
    }
  }
  return result;
}

/**
 * Inserts whole lines at the start of a line, or at the end of the text. They have the line break of the line above. If
 * the last line has no line break, it stays so.
 */
export function insertLines(text: string, offset: number, lines: readonly string[]): TextEdit {
  const begin = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const open = offset === text.length && text !== "" && !text.endsWith("\n");
  const ending = lineEnding(text, offset);
  const joined = lines.join(ending);
  if (!open) return { offset, length: 0, text: joined + ending };
  // After a byte-order mark alone, there is no line yet, and the only line gets no line break.
  return { offset, length: 0, text: offset > begin ? ending + joined : joined };
}

/**
 * The line break of the line above an offset, or else the first one in the text, or else "
 * ".
 */
function lineEnding(text: string, offset: number): "\n" | "\r\n" {
  const newline = text[offset - 1] === "\n" ? offset - 1 : text.indexOf("\n");
  return newline > 0 && text[newline - 1] === "\r" ? "\r\n" : "\n";
}

/** The blanks at the start of a line. */
export function indentAt(text: string, lineStart: number): string {
  return /[ \t]*/y.exec(text.slice(lineStart, lineStart + 200))?.[0] ?? "";
}
