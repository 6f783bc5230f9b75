import { removeElement } from "./array";
import { TomlDocument } from "./document";
import { type Table } from "./places";
import { Source } from "../source";
import { type TextEdit } from "../text-edit";

/**
 * Removes everything at a path, and below it, from a document, in any spelling: headers with their keys, dotted keys,
 * entries of inline tables. Comments and blank lines outside stay.
 */
export function withoutPath(document: TomlDocument, path: readonly string[]): TomlDocument {
  let current = document;
  // Each turn removes the last place, so that the offsets of the others stay valid.
  for (;;) {
    const definitions = current.definitions(path);
    const last = definitions[definitions.length - 1];
    if (last === undefined) return current;
    const { text } = current;
    let edit: TextEdit;
    if (last.kind === "table") {
      edit = deleteLines(text, last.table.lineStart, endOfTable(last.table));
    } else if (last.kind === "line") {
      edit = deleteLines(text, last.element.lineStart, last.element.lineEnd);
    } else {
      edit = removeElement(text, last.siblings, last.siblings.indexOf(last.element));
    }
    current = edited(current, [edit]);
  }
}

/** The document after edits, which are sorted and do not overlap. */
export function edited(document: TomlDocument, edits: readonly TextEdit[]): TomlDocument {
  let { text } = document;
  for (const { offset, length, text: inserted } of [...edits].reverse()) {
    text = text.slice(0, offset) + inserted + text.slice(offset + length);
  }
  return TomlDocument.parse(Source.decode(document.source.path, Buffer.from(text, "utf8")));
}

function endOfTable(table: Table): number {
  return table.keyValues[table.keyValues.length - 1]?.lineEnd ?? table.lineEnd;
}

/**
 * Deletes whole lines. If the last one had no line break, the new last line gets none either. Empty lines before it are
 * deleted as well, because an empty line without a line break is no line.
 */
function deleteLines(text: string, start: number, end: number): TextEdit {
  let offset = start;
  if (end === text.length && !text.endsWith("\n")) {
    while (text[offset - 1] === "\n") offset -= text[offset - 2] === "\r" ? 2 : 1;
  }
  return { offset, length: end - offset, text: "" };
}
