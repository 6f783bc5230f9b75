import { type AST, ParseError, parseTOML } from "toml-eslint-parser";

/**
 * Where things are in a TOML text: toml-eslint-parser keeps the places that smol-toml, which says what a document
 * means, does not. It reads TOML 1.0, and refuses what smol-toml takes beyond it.
 */

/** An element of an array, an entry of an inline table, or what stands behind a key. */
export interface Element {
  /** Start of the element: of its key in a table, of its value in an array. */
  start: number;
  /** The key's parts, unquoted, without the table's; empty in an array. */
  path: readonly string[];
  /** Offset behind each part as it is written. */
  partEnds: readonly number[];
  valueStart: number;
  /** Behind the value, before blanks and a comment. */
  valueEnd: number;
  value: AST.TOMLContentNode;
}

/** `key.parts = value` on a line of its own (the value may go on over further lines). */
export interface KeyValue extends Element {
  lineStart: number;
  /** Behind the line's "\n", or the end of the text. */
  lineEnd: number;
}

/** A header with the keys below it. The first one is the document's own, without a header line. */
export interface Table {
  path: readonly string[];
  partEnds: readonly number[];
  /** `[[path]]`. */
  array: boolean;
  /** Offsets of the header's line. For the document itself all are where its text starts. */
  lineStart: number;
  start: number;
  lineEnd: number;
  /** Behind the last line before the next header. */
  end: number;
  keyValues: KeyValue[];
}

/** What a text has that TOML 1.0 forbids, and where. */
export interface Deviation {
  offset: number;
  found: string;
}

/**
 * The document's tables in file order, the document's own first.
 *
 * @returns for a text that is no TOML 1.0, the first thing in it that is not
 */
export function findTables(text: string): Table[] | Deviation {
  const begin = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let program: AST.TOMLProgram;
  try {
    // A byte-order mark is no part of the document; a blank keeps the offsets.
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

/** The elements of an array, or the entries of an inline table; none of any other value. */
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

/** How far a header, or a key, goes along a path. */
export interface Course {
  /** Parts in common, from the front. */
  shared: number;
  /** Has it no more parts than these? */
  ends: boolean;
}

export function along({ path }: { path: readonly string[] }, way: readonly string[]): Course {
  const shared = sharedLength(path, way);
  return { shared, ends: path.length === shared };
}

/** How many parts both paths begin with in common. */
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

/** The offset behind the line's "\n", or the end of the text. */
export function endOfLine(text: string, offset: number): number {
  const newline = text.indexOf("\n", offset);
  return newline < 0 ? text.length : newline + 1;
}
