import {
  type Element,
  type KeyValue,
  along,
  elementsOf,
  sharedLength,
  skipBlanks,
  type Table,
} from "./places";
import { type TomlDocument } from "./document";
import { insertLines, type TextEdit } from "../text-edit";
import { tomlKey, tomlPath } from "./write";

/**
 * The place of a new key. TOML has many spellings for the same tree (headers, dotted keys, inline tables, each in any
 * order), and forbids most mixtures of them. So a new key has the spelling of existing parts and is next to them. The
 * anchor is the deepest existing part of the key's table.
 */
type Anchor =
  /** In an inline table `{ }`: at its front. */
  | { kind: "inline"; depth: number; holder: Element }
  /** A dotted key leads along the path: another dotted key, on a line below it. */
  | { kind: "dotted"; depth: number; table: Table; keyValue: KeyValue; parts: number }
  /** A `[header]`: a line below it, or a table below its keys. */
  | { kind: "header"; depth: number; table: Table }
  /** Only tables below it exist, or nothing: a header of its own. */
  | { kind: "implied"; depth: number; first: Table; last: Table }
  | { kind: "array"; depth: number; table: Table };

const strength = { array: 4, inline: 3, dotted: 2, header: 1, implied: 0 };

/**
 * Adds `key = value` to the table at `path`. The table need not exist; the key must not. It adds whole new lines if the
 * file's spelling allows that.
 *
 * @param value the value in TOML
 * @returns the edit, without a check: the caller compares the values afterwards
 * @throws Refusal if the path leads through an array of tables, because the right table is not known
 */
export function placeKey(
  document: TomlDocument,
  path: readonly string[],
  key: string,
  value: string,
): TextEdit {
  const anchor = findAnchor(document, path);
  const rest = path.slice(anchor.depth);
  const quote = document.quote;
  const text = document.text;
  switch (anchor.kind) {
    case "array":
      throw document.source.refuse(anchor.table.start, {
        expected: `one table ${tomlPath(path, quote)}`,
        found: "an array of tables",
        fix: "write it as a plain table",
      });
    case "inline":
      return insertInline(
        text,
        anchor.holder.valueStart,
        inlineEntry(document, anchor.holder, rest, key, value),
      );
    case "dotted": {
      const { keyValue, parts } = anchor;
      const prefix = text.slice(keyValue.lineStart, keyValue.partEnds[parts - 1]);
      const line = `${prefix}.${tomlPath([...rest, key], quote)} = ${value}`;
      const offset = endsOpen(text, keyValue.lineEnd) ? keyValue.lineStart : keyValue.lineEnd;
      return insertLines(text, offset, [line]);
    }
    case "header":
      return belowHeader(document, anchor.table, path, rest, key, value);
    case "implied":
      return newTable(document, anchor, path, key, value);
  }
}

/**
 * A table within the table. If a dotted key leads the same way, this is a dotted key as well, because a table can be
 * defined only once.
 */
function inlineEntry(
  document: TomlDocument,
  holder: Element,
  rest: readonly string[],
  key: string,
  value: string,
): string {
  const { quote } = document;
  const path = [...rest, key];
  const dotted = elementsOf(holder.value).some((element) => element.path[0] === path[0]);
  if (dotted) return `${tomlPath(path, quote)} = ${value}`;
  return path.reduceRight(
    (inner, part, index) =>
      `${tomlKey(part, quote)} = ${index === rest.length ? inner : `{ ${inner} }`}`,
    value,
  );
}

/** Adds an entry at the front of the inline table that begins at `open`. */
export function insertInline(text: string, open: number, entry: string): TextEdit {
  const first = skipBlanks(text, open + 1);
  // With the same blanks, so that removing the entry restores the original ones.
  if (text[first] !== "}") return { offset: first, length: 0, text: `${entry}, ` };
  return { offset: first, length: 0, text: first === open + 1 ? entry : `${entry} ` };
}

function findAnchor(document: TomlDocument, path: readonly string[]): Anchor {
  const root = document.tables[0] as Table;
  let best: Anchor = { kind: "header", depth: 0, table: root };
  const offer = (anchor: Anchor): void => {
    if (anchor.depth > best.depth) best = anchor;
    else if (anchor.depth < best.depth || anchor.depth === 0) return;
    else if (best.kind === "implied" && anchor.kind === "implied") best.last = anchor.last;
    else if (strength[anchor.kind] > strength[best.kind]) best = anchor;
  };
  for (const table of document.tables) {
    const { shared: depth, ends } = along(table, path);
    if (!ends) {
      if (depth > 0) offer({ kind: "implied", depth, first: table, last: table });
      continue;
    }
    if (depth > 0) offer({ kind: table.array ? "array" : "header", depth, table });
    for (const keyValue of table.keyValues) {
      const parts = sharedLength(keyValue.path, path.slice(depth));
      if (parts === 0) continue;
      if (parts < keyValue.path.length) {
        offer({ kind: "dotted", depth: depth + parts, table, keyValue, parts });
      } else {
        offer(inlineAnchor(keyValue, path, depth + parts));
      }
    }
  }
  return best;
}

/** The innermost inline table on the path, from the one in the key at `depth`. */
function inlineAnchor(holder: Element, path: readonly string[], depth: number): Anchor {
  const inner = elementsOf(holder.value).find((element) => {
    const parts = sharedLength(element.path, path.slice(depth));
    return parts > 0 && parts === element.path.length && isInline(element);
  });
  if (inner !== undefined) return inlineAnchor(inner, path, depth + inner.path.length);
  return { kind: "inline", depth, holder };
}

const isInline = ({ value }: Element): boolean => value.type === "TOMLInlineTable";

function belowHeader(
  document: TomlDocument,
  table: Table,
  path: readonly string[],
  rest: readonly string[],
  key: string,
  value: string,
): TextEdit {
  const { text, quote } = document;
  const isRoot = table.path.length === 0;
  if (rest.length === 0) {
    const indent = isRoot ? "" : keyIndent(document, table);
    return insertLines(text, table.lineEnd, [`${indent}${tomlKey(key, quote)} = ${value}`]);
  }
  if (isRoot) {
    const lines = tableLines(document, undefined, path, key, value);
    return insertTable(text, text.length, document.tables.at(-1), lines);
  }
  const [first] = table.keyValues;
  if (rest.length === 1 && first !== undefined && table.keyValues.every(holdsTable)) {
    // The other entries of the table are one-line tables, so the new one is too.
    const entry = `${tomlKey(rest[0] ?? "", quote)} = { ${tomlKey(key, quote)} = ${value} }`;
    return insertLines(text, table.lineEnd, [indentOf(text, first) + entry]);
  }
  const lines = tableLines(document, table, path, key, value);
  return insertTable(text, endOfTable(text, table), table, lines);
}

const holdsTable = (keyValue: KeyValue): boolean => keyValue.path.length > 1 || isInline(keyValue);

/** A new header if only tables below it exist: above them for their direct parent, otherwise after them. */
function newTable(
  document: TomlDocument,
  anchor: Extract<Anchor, { kind: "implied" }>,
  path: readonly string[],
  key: string,
  value: string,
): TextEdit {
  const { text } = document;
  const lines = tableLines(document, anchor.first, path, key, value);
  if (anchor.depth === path.length) {
    return insertLines(text, startWithComments(text, anchor.first), lines);
  }
  return insertTable(text, endOfTable(text, anchor.last), anchor.last, lines);
}

/** A new table after `neighbour`, or before it if a line after it would change the text's last line. */
function insertTable(
  text: string,
  offset: number,
  neighbour: Table | undefined,
  lines: readonly string[],
): TextEdit {
  const before = neighbour !== undefined && neighbour.path.length > 0 && endsOpen(text, offset);
  return insertLines(text, before ? startWithComments(text, neighbour) : offset, lines);
}

/**
 * Whether the offset is the end of a text with CRLF whose last line has no line break. A new line there would add a
 * "\r" to that line, which is not ours.
 */
function endsOpen(text: string, offset: number): boolean {
  const newline = text.indexOf("\n");
  return offset === text.length && !text.endsWith("\n") && text[newline - 1] === "\r";
}

/** The offset after a table's last key, and after the commented-out keys below it. */
function endOfTable(text: string, table: Table): number {
  let end = table.keyValues[table.keyValues.length - 1]?.lineEnd ?? table.lineEnd;
  const commentedOut = /^[ \t]*#[ \t]*(?:["'\w.-]+[ \t]*=[ \t]*\S|[\]"']).*\n/gm;
  commentedOut.lastIndex = end;
  for (let match = commentedOut.exec(text); match !== null; match = commentedOut.exec(text)) {
    if (commentedOut.lastIndex > table.end) break;
    end = commentedOut.lastIndex;
  }
  return end;
}

/** The two lines of a new table, with the indentation of its nearest relative (sibling, parent or child). */
function tableLines(
  document: TomlDocument,
  relative: Table | undefined,
  path: readonly string[],
  key: string,
  value: string,
): string[] {
  const { text, quote } = document;
  const parent = path.slice(0, -1);
  const sibling = document.tables.find(
    (table) =>
      table.path.length === path.length && sharedLength(table.path, parent) === parent.length,
  );
  const model = sibling ?? relative;
  let indent = model === undefined ? "" : indentOf(text, model);
  if (sibling === undefined && relative !== undefined && relative.path.length < path.length) {
    indent += nestingStep(document);
  }
  const keysStep = indentStep(document, sibling ?? relative);
  const spelled = spelledLike(document, model, path);
  return [`${indent}[${spelled}]`, `${indent}${keysStep}${tomlKey(key, quote)} = ${value}`];
}

/** The path in the spelling of a relative's header, as far as both have the same parts. */
function spelledLike(
  document: TomlDocument,
  model: Table | undefined,
  path: readonly string[],
): string {
  const shared = model === undefined ? 0 : sharedLength(model.path, path);
  if (model === undefined || shared === 0) return tomlPath(path, document.quote);
  const start = skipBlanks(document.text, model.start + (model.array ? 2 : 1));
  const copied = document.text.slice(start, model.partEnds[shared - 1]);
  const rest = path.slice(shared).map((part) => `.${tomlKey(part, document.quote)}`);
  return copied + rest.join("");
}

/** The indentation for a key of a table, like its other keys. */
function keyIndent(document: TomlDocument, table: Table): string {
  const [first] = table.keyValues;
  if (first !== undefined) return indentOf(document.text, first);
  return indentOf(document.text, table) + indentStep(document, table);
}

/** The indentation of keys below their header, in this table or in the first one that has it. */
function indentStep(document: TomlDocument, nearest: Table | undefined): string {
  const { text, tables } = document;
  const shows = (table: Table | undefined): table is Table =>
    table !== undefined && table.path.length > 0 && table.keyValues.length > 0;
  const sample = shows(nearest) ? nearest : tables.find(shows);
  if (sample === undefined) return "  ";
  const header = indentOf(text, sample);
  const keys = indentOf(text, sample.keyValues[0] as KeyValue);
  return keys.startsWith(header) ? keys.slice(header.length) : "";
}

/** The indentation of a header below its parent's header, in the first pair that has it. */
function nestingStep(document: TomlDocument): string {
  const { text, tables } = document;
  for (const child of tables) {
    if (child.path.length < 2) continue;
    const parent = tables.find(
      (table) =>
        table.path.length === child.path.length - 1 &&
        sharedLength(table.path, child.path) === table.path.length,
    );
    if (parent === undefined) continue;
    const outer = indentOf(text, parent);
    const inner = indentOf(text, child);
    return inner.startsWith(outer) ? inner.slice(outer.length) : "";
  }
  return "";
}

/** The start of a header's line, or of the comment lines directly above it, which belong to it. */
function startWithComments(text: string, table: Table): number {
  let start = table.lineStart;
  for (;;) {
    const previous = text.lastIndexOf("\n", start - 2) + 1;
    if (start === 0 || previous === start || !/[ \t]*#/y.test(text.slice(previous, start))) {
      return start;
    }
    start = previous;
  }
}

function indentOf(text: string, place: { lineStart: number; start: number }): string {
  return text.slice(place.lineStart, place.start);
}
