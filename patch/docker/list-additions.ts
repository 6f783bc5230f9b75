import { type Source } from "../source";
import { insertLines, type TextEdit } from "../text-edit";
import { type JsonObject, propertyOf } from "./json-source";

/** Entries for the front of a list, which is a key of the root object. */
export interface Addition {
  key: string;
  names: readonly string[];
}

/** The edits that add entries at the front of each list, or add a list as the first key. */
export function additions(
  source: Source,
  object: JsonObject | undefined,
  lists: readonly Addition[],
): TextEdit[] {
  const { text } = source;
  const wanted = lists.filter(({ names }) => names.length > 0);
  if (wanted.length === 0) return [];
  if (object === undefined) return [newFile(source, wanted)];
  const isNew = ({ key }: Addition): boolean => propertyOf(object, key) === undefined;
  const fresh = wanted.filter(isNew);
  return [
    ...(fresh.length === 0 ? [] : [newKeys(text, object, fresh)]),
    ...wanted.filter((list) => !isNew(list)).map((list) => longerList(text, object, list)),
  ];
}

function longerList(text: string, object: JsonObject, { key, names }: Addition): TextEdit {
  const written = names.map((name) => JSON.stringify(name));
  const list = propertyOf(object, key)?.children?.[1];
  if (list === undefined) throw new Error(`${key} has no value`);
  if (list.type === "null") {
    return { offset: list.offset, length: list.length, text: `[${written.join(", ")}]` };
  }
  const [first] = list.children ?? [];
  if (first === undefined) return { offset: list.offset + 1, length: 0, text: written.join(", ") };
  const lineStart = text.lastIndexOf("\n", first.offset - 1) + 1;
  const indent = text.slice(lineStart, first.offset);
  if (/^[ \t]*$/.test(indent) && lineStart > 0) {
    return insertLines(
      text,
      lineStart,
      written.map((name) => `${indent}${name},`),
    );
  }
  return { offset: first.offset, length: 0, text: written.map((name) => `${name}, `).join("") };
}

function newFile(source: Source, lists: readonly Addition[]): TextEdit {
  const begin = source.hasByteOrderMark ? 1 : 0;
  const blank = source.text.slice(begin);
  // A last line without a newline stays so: see hunks.ts.
  const end = source.text === "" || blank.endsWith("\n") ? "\n" : "";
  const text = `{\n${lists.map((list) => `  ${entryOf(list)}`).join(",\n")}\n}${end}`;
  return { offset: begin, length: blank.length, text };
}

function newKeys(text: string, object: JsonObject, lists: readonly Addition[]): TextEdit {
  const entries = lists.map(entryOf);
  const behindBrace = object.root.offset + 1;
  const [first] = object.root.children ?? [];
  const restOfLine = /[ \t]*\r?\n/y;
  restOfLine.lastIndex = behindBrace;
  if (restOfLine.test(text)) {
    const indent = first === undefined ? "  " : indentBefore(text, first.offset);
    const isLast = (index: number): boolean => first === undefined && index === entries.length - 1;
    const lines = entries.map((entry, index) => indent + entry + (isLast(index) ? "" : ","));
    return insertLines(text, restOfLine.lastIndex, lines);
  }
  if (first !== undefined)
    return { offset: first.offset, length: 0, text: `${entries.join(", ")}, ` };
  const inner = object.root.length - 2;
  return { offset: behindBrace, length: inner, text: ` ${entries.join(", ")} ` };
}

function entryOf({ key, names }: Addition): string {
  return `"${key}": [${names.map((name) => JSON.stringify(name)).join(", ")}]`;
}

function indentBefore(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset);
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}
