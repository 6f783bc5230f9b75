/**
 * Where things are in a TOML text. smol-toml says what a document means; it keeps no positions. This
 * scanner keeps the positions and decides nothing: it reads only text that smol-toml has accepted, and
 * every edit made with its help is judged by smol-toml again.
 *
 * Values are skipped, not read; a key is read down to its parts. That makes it several times cheaper
 * than the parser, which a plan pays for twice.
 */

/** `key.parts = value` on a line of its own (the value may go on over further lines). */
export interface KeyValue {
  /** The key's parts, unquoted, without the table's. */
  path: readonly string[];
  /** Offset behind each part as it is written. */
  partEnds: readonly number[];
  /** Start of the line. */
  lineStart: number;
  /** Start of the key. */
  start: number;
  valueStart: number;
  /** Behind the value, before blanks and a comment. */
  valueEnd: number;
  /** Behind the line's "\n", or the end of the text. */
  lineEnd: number;
}

/** A header with the keys below it. The first one is the document's own, without a header line. */
export interface Table {
  path: readonly string[];
  /** `[[path]]`. */
  array: boolean;
  /** Offsets of the header's line. For the document itself all are where its text starts. */
  lineStart: number;
  start: number;
  lineEnd: number;
  /** Offset behind each part of the path as it is written. */
  partEnds: readonly number[];
  keyValues: KeyValue[];
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const HASH = 0x23;
const APOSTROPHE = 0x27;
const COMMA = 0x2c;
const DOT = 0x2e;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The document's tables in file order. */
export function scanTables(text: string): Table[] {
  const begin = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let table: Table = {
    path: [],
    array: false,
    lineStart: begin,
    start: begin,
    lineEnd: begin,
    partEnds: [],
    keyValues: [],
  };
  const tables = [table];
  for (let lineStart = begin; lineStart < text.length;) {
    const start = skipBlanks(text, lineStart);
    const code = text.charCodeAt(start);
    if (code === OPEN_BRACKET) {
      const array = text.charCodeAt(start + 1) === OPEN_BRACKET;
      const key = scanKey(text, start + (array ? 2 : 1));
      const lineEnd = endOfLine(text, key.end);
      table = { ...key, array, lineStart, start, lineEnd, keyValues: [] };
      tables.push(table);
      lineStart = lineEnd;
    } else if (isLineBreak(code) || code === HASH || start === text.length) {
      lineStart = endOfLine(text, start);
    } else {
      const key = scanKey(text, start);
      const valueStart = skipBlanks(text, key.end + 1);
      const valueEnd = skipValue(text, valueStart);
      const lineEnd = endOfLine(text, valueEnd);
      const { path, partEnds } = key;
      table.keyValues.push({ path, partEnds, lineStart, start, valueStart, valueEnd, lineEnd });
      lineStart = lineEnd;
    }
  }
  return tables;
}

interface Key {
  path: string[];
  partEnds: number[];
  /** Offset of the character that ends the key: `=` or `]`. */
  end: number;
}

/** Reads a key, dotted or not, from its first part (blanks before it are skipped). */
export function scanKey(text: string, offset: number): Key {
  const path: string[] = [];
  const partEnds: number[] = [];
  for (let at = offset; ;) {
    at = skipBlanks(text, at);
    const code = text.charCodeAt(at);
    if (code === QUOTE || code === APOSTROPHE) {
      const end = skipString(text, at);
      path.push(unquote(text.slice(at, end)));
      at = end;
    } else {
      let end = at;
      while (isBare(text.charCodeAt(end))) end++;
      path.push(text.slice(at, end));
      at = end;
    }
    partEnds.push(at);
    at = skipBlanks(text, at);
    if (text.charCodeAt(at) !== DOT) return { path, partEnds, end: at };
    at++;
  }
}

/** The offset behind the value that starts at `start`. */
export function skipValue(text: string, start: number): number {
  const code = text.charCodeAt(start);
  if (code === QUOTE || code === APOSTROPHE) return skipString(text, start);
  if (code === OPEN_BRACKET || code === OPEN_BRACE) return skipNested(text, start);
  let end = start;
  for (; end < text.length; end++) {
    const next = text.charCodeAt(end);
    const ends =
      next === HASH ||
      next === COMMA ||
      next === CLOSE_BRACKET ||
      next === CLOSE_BRACE ||
      isLineBreak(next);
    if (ends) break;
  }
  // A date may have a blank inside (`1979-05-27 07:32:00`), so blanks are cut from the end only.
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return end;
}

/** One element of an array, or one entry of an inline table. */
export interface Element {
  /** Start of the element: of its key in an inline table, of its value in an array. */
  start: number;
  /** The key's parts; empty in an array. */
  path: readonly string[];
  partEnds: readonly number[];
  valueStart: number;
  valueEnd: number;
}

/** The elements of the array or inline table that starts at `start`. */
export function scanElements(text: string, start: number): Element[] {
  const inline = text.charCodeAt(start) === OPEN_BRACE;
  const elements: Element[] = [];
  for (let at = skipTrivia(text, start + 1); ; at = skipTrivia(text, at)) {
    const code = text.charCodeAt(at);
    if (code === CLOSE_BRACE || code === CLOSE_BRACKET) return elements;
    if (code === COMMA) {
      at++;
      continue;
    }
    const key = inline ? scanKey(text, at) : { path: [], partEnds: [], end: at - 1 };
    const valueStart = skipBlanks(text, key.end + 1);
    const valueEnd = skipValue(text, valueStart);
    elements.push({ start: at, path: key.path, partEnds: key.partEnds, valueStart, valueEnd });
    at = valueEnd;
  }
}

/** The offset behind the array or inline table that starts at `start`. */
function skipNested(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE || code === APOSTROPHE) {
      at = skipString(text, at);
      continue;
    }
    if (code === HASH) {
      at = lineBreakAfter(text, at);
      continue;
    }
    if (code === OPEN_BRACKET || code === OPEN_BRACE) depth++;
    else if ((code === CLOSE_BRACKET || code === CLOSE_BRACE) && --depth === 0) return at + 1;
    at++;
  }
  return text.length;
}

/** The offset behind the string of any of the four kinds that starts at `start`. */
export function skipString(text: string, start: number): number {
  const quote = text.charCodeAt(start);
  if (text.charCodeAt(start + 1) === quote && text.charCodeAt(start + 2) === quote) {
    return skipMultiline(text, start, quote);
  }
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code === BACKSLASH && quote === QUOTE) at++;
  }
  return text.length;
}

function skipMultiline(text: string, start: number, quote: number): number {
  for (let at = start + 3; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH && quote === QUOTE) at++;
    else if (
      code === quote &&
      text.charCodeAt(at + 1) === quote &&
      text.charCodeAt(at + 2) === quote
    ) {
      // Up to two quotes may stand directly before the closing three.
      let end = at + 3;
      while (end < at + 5 && text.charCodeAt(end) === quote) end++;
      return end;
    }
  }
  return text.length;
}

/** Over blanks, line breaks and comments. */
export function skipTrivia(text: string, offset: number): number {
  let at = offset;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === HASH) at = lineBreakAfter(text, at) - 1;
    else if (!isBlank(code) && !isLineBreak(code)) return at;
  }
  return at;
}

export function skipBlanks(text: string, offset: number): number {
  let at = offset;
  while (isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** The offset behind the line's "\n", or the end of the text. */
export function endOfLine(text: string, offset: number): number {
  const newline = text.indexOf("\n", offset);
  return newline < 0 ? text.length : newline + 1;
}

function lineBreakAfter(text: string, offset: number): number {
  const newline = text.indexOf("\n", offset);
  return newline < 0 ? text.length : newline;
}

const isBlank = (code: number): boolean => code === SPACE || code === TAB;
const isLineBreak = (code: number): boolean => code === NEWLINE || code === RETURN;

/** A-Z a-z 0-9 - _ */
const isBare = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) ||
  (code >= 0x41 && code <= 0x5a) ||
  (code >= 0x30 && code <= 0x39) ||
  code === 0x2d ||
  code === 0x5f;

const escapes: Record<string, string> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  '"': '"',
  "\\": "\\",
};

/** The meaning of a quoted key or one-line string. */
export function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith("'") || !inner.includes("\\")) return inner;
  return inner.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/g,
    (whole, short?: string, long?: string, simple?: string) =>
      short !== undefined || long !== undefined
        ? String.fromCodePoint(parseInt(short ?? long ?? "", 16))
        : (escapes[simple ?? ""] ?? whole),
  );
}
