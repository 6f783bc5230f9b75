import { type AST, ParseError, parseTOML } from "toml-eslint-parser";

/**
 * Places in a TOML text. toml-eslint-parser knows the places, smol-toml the values. toml-eslint-parser accepts only
 * TOML 1.0, and rejects extensions that smol-toml accepts.
 */

/** An element of an array, an entry of an inline table, or the value of a key. */
export interface Element {
  /** The start of the key in a table, or of the value in an array. */
  start: number;
  /** The parts of the key, unquoted, without those of the table; empty in an array. */
  path: readonly string[];
  /** The offset after each part of the key. */
  partEnds: readonly number[];
  valueStart: number;
  /** The offset after the value, before blanks and a comment. */
  valueEnd: number;
  value: AST.TOMLContentNode;
}

/** `key.parts = value` on its own line. The value may continue on more lines. */
export interface KeyValue extends Element {
  lineStart: number;
  /**
   * The offset after the line's "
   * ", or the end of the text.
   */
  lineEnd: number;
}

/** A header and the keys below it. The first table is the document itself, without a header. */
export interface Table {
  path: readonly string[];
  partEnds: readonly number[];
  /** `[[path]]`. */
  array: boolean;
  /** Offsets of the header's line. For the document itself, all are the start of the text. */
  lineStart: number;
  start: number;
  lineEnd: number;
  /** The offset after the last line before the next header. */
  end: number;
  keyValues: KeyValue[];
}

/** Something that TOML 1.0 forbids, and its place. */
export interface Deviation {
  offset: number;
  found: string;
}

/**
 * The document's tables in file order, beginning with the document itself.
 *
 * @returns for a text that is not TOML 1.0, the first deviation
 */
export function findTables(text: string): Table[] | Deviation {
  const begin = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let program: AST.TOMLProgram;
  try {
    // A byte-order mark is not part of the document. A blank instead keeps the offsets.
    program = parseTOML(begin === 1 ? ` ${text.slice(1)}` : text, { tomlVersion: "1.0" });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const [first, ...rest] = error.message;
    return { offset: error.index, found: (first ?? "").toLowerCase() + rest.join("") };
  }
  const root: Table = {
    ...{ path: [], partEnds: [], array: false, keyValues: [] },
    ...{ lineStart: begin, start: begin, lineEnd: begin, end: text.length },
  };
  const tables = [root];
  for (const node of program.body[0].body) {
    if (node.type === "TOMLKeyValue") {
      root.keyValues.push(keyValueOf(text, node));
      continue;
    }
    const start = node.range[0];
    const lineStart = text.lastIndexOf("\n", start) + 1;
    (tables[tables.length - 1] as Table).end = lineStart;
    tables.push({
      ...partsOf(node.key),
      array: node.kind === "array",
      ...{ lineStart, start, lineEnd: endOfLine(text, node.key.range[1]), end: text.length },
      keyValues: node.body.map((keyValue) => keyValueOf(text, keyValue)),
    });
  }
  return tables;
}

/** The elements of an array, or the entries of an inline table; none for any other value. */
export function elementsOf(value: AST.TOMLContentNode): Element[] {
  if (value.type === "TOMLInlineTable") return value.body.map(entryOf);
  if (value.type !== "TOMLArray") return [];
  return value.elements.map((element) => {
    const [start, valueEnd] = element.range;
    return { start, path: [], partEnds: [], valueStart: start, valueEnd, value: element };
  });
}

function keyValueOf(text: string, node: AST.TOMLKeyValue): KeyValue {
  const entry = entryOf(node);
  const lineStart = Math.max(
    text.lastIndexOf("\n", entry.start) + 1,
    text.charCodeAt(0) === 0xfeff ? 1 : 0,
  );
  return { ...entry, lineStart, lineEnd: endOfLine(text, entry.valueEnd) };
}

function entryOf({ key, value }: AST.TOMLKeyValue): Element {
  const [valueStart, valueEnd] = value.range;
  return { start: key.range[0], ...partsOf(key), valueStart, valueEnd, value };
}

function partsOf({ keys }: AST.TOMLKey): { path: string[]; partEnds: number[] } {
  return {
    path: keys.map((part) => (part.type === "TOMLBare" ? part.name : part.value)),
    partEnds: keys.map(({ range }) => range[1]),
  };
}

/** How far a header, or a key, follows a path. */
export interface Course {
  /** The number of common parts at the beginning. */
  shared: number;
  /** Whether it has no more parts than these. */
  ends: boolean;
}

export function along({ path }: { path: readonly string[] }, way: readonly string[]): Course {
  const shared = sharedLength(path, way);
  return { shared, ends: path.length === shared };
}

/** The number of common parts at the beginning of both paths. */
export function sharedLength(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

export function skipBlanks(text: string, offset: number): number {
  let at = offset;
  while (text[at] === " " || text[at] === "\t") at++;
  return at;
}

/**
 * The offset after the line's "
 * ", or the end of the text.
 */
export function endOfLine(text: string, offset: number): number {
  const newline = text.indexOf("\n", offset);
  return newline < 0 ? text.length : newline + 1;
}
