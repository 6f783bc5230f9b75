/**
 * Where things are in a TOML text. smol-toml says what a document means; it keeps no positions. This
 * scanner keeps the positions and decides nothing: it reads only text that smol-toml has accepted, and
 * every edit made with its help is judged by smol-toml again.
 *
 * Values are skipped, not read; a key is read down to its parts. That makes it several times cheaper
 * than the parser, which a plan pays for twice.
 */

/**
 * `key.parts = value` on a line of its own (the value may go on over further lines). Most of a file's keys
 * are never looked at, so what is in the key, and where the value ends, is read only when asked for.
 */
export class KeyValue {
  private key: Key | undefined;
  private end: number | undefined;

  constructor(
    private readonly text: string,
    /** Start of the line. */
    readonly lineStart: number,
    /** Start of the key. */
    readonly start: number,
    readonly valueStart: number,
    /** Behind the line's "\n", or the end of the text. */
    readonly lineEnd: number,
  ) {}

  /** The key's parts, unquoted, without the table's. */
  get path(): readonly string[] {
    return (this.key ??= scanKey(this.text, this.start)).path;
  }

  /** Offset behind each part as it is written. */
  get partEnds(): readonly number[] {
    return (this.key ??= scanKey(this.text, this.start)).partEnds;
  }

  /** As a header's: most keys leave a path with their first part. */
  along(path: readonly string[]): Course {
    return courseOf(this.text, this.start, path);
  }

  /** Behind the value, before blanks and a comment. */
  get valueEnd(): number {
    return (this.end ??= skipValue(this.text, this.valueStart));
  }
}

/** How far a header, or a key, goes along a path. */
export interface Course {
  /** Parts in common, from the front. */
  shared: number;
  /** Has it no more parts than these? */
  ends: boolean;
}

/** A header with the keys below it. The first one is the document's own, without a header line. */
export class Table {
  private key: Key | undefined;
  private keys: KeyValue[] | undefined;
  /** Behind the last line before the next header. */
  end: number;

  constructor(
    private readonly text: string,
    /** `[[path]]`. */
    readonly array: boolean,
    /** Offsets of the header's line. For the document itself all are where its text starts. */
    readonly lineStart: number,
    readonly start: number,
    readonly lineEnd: number,
  ) {
    this.end = text.length;
  }

  get path(): readonly string[] {
    return this.readKey().path;
  }

  /** Offset behind each part of the path as it is written. */
  get partEnds(): readonly number[] {
    return this.readKey().partEnds;
  }

  get keyValues(): readonly KeyValue[] {
    return (this.keys ??= scanKeyValues(this.text, this.lineEnd, this.end));
  }

  /** Most headers leave a path early, which is seen without reading them to their end. */
  along(path: readonly string[]): Course {
    if (this.isDocument) return { shared: 0, ends: true };
    return courseOf(this.text, this.keyStart, path);
  }

  private get isDocument(): boolean {
    return this.start === this.lineEnd;
  }

  private get keyStart(): number {
    return this.start + (this.array ? 2 : 1);
  }

  private readKey(): Key {
    this.key ??= this.isDocument
      ? { path: [], partEnds: [], end: this.start }
      : scanKey(this.text, this.keyStart);
    return this.key;
  }
}

/** How many parts both paths begin with in common. */
export function sharedLength(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
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
const EQUALS = 0x3d;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * The document's tables in file order.
 *
 * Every header has a `[`, and so has every value that goes over several lines, triple-quoted strings
 * aside. So without those only the lines with a `[` are looked at, which are few.
 */
export function scanTables(text: string): Table[] {
  const begin = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const everyLine = text.includes('"""') || text.includes("'''");
  let table = new Table(text, false, begin, begin, begin);
  const tables = [table];
  for (let lineStart = begin; lineStart < text.length;) {
    if (!everyLine) {
      const bracket = text.indexOf("[", lineStart);
      if (bracket < 0) break;
      lineStart = Math.max(lineStart, text.lastIndexOf("\n", bracket) + 1);
    }
    const start = skipBlanks(text, lineStart);
    if (start < text.length && text.charCodeAt(start) === OPEN_BRACKET) {
      const array = text.charCodeAt(start + 1) === OPEN_BRACKET;
      const lineEnd = endOfLine(text, start);
      table.end = lineStart;
      table = new Table(text, array, lineStart, start, lineEnd);
      tables.push(table);
      lineStart = lineEnd;
    } else {
      lineStart = endOfLine(text, endsOnItsLine(text, valueOf(text, start)));
    }
  }
  return tables;
}

function courseOf(text: string, keyStart: number, path: readonly string[]): Course {
  const course = compareKey(text, keyStart, path);
  if (course !== undefined) return course;
  const key = scanKey(text, keyStart).path;
  const shared = sharedLength(key, path);
  return { shared, ends: key.length === shared };
}

/** Compares a key with a path as both are written; undefined where an escape has to be read first. */
function compareKey(text: string, keyStart: number, path: readonly string[]): Course | undefined {
  let at = keyStart;
  for (let shared = 0; shared < path.length; shared++) {
    const part = path[shared] as string;
    at = skipBlanks(text, at);
    const quote = text.charCodeAt(at);
    const quoted = quote === QUOTE || quote === APOSTROPHE;
    if (quoted) at++;
    if (!text.startsWith(part, at)) {
      const escaped = quote === QUOTE && text.slice(at, skipString(text, at - 1)).includes("\\");
      return escaped ? undefined : { shared, ends: false };
    }
    at += part.length;
    const next = text.charCodeAt(at);
    if (quoted ? next !== quote : isBare(next)) {
      return quote === QUOTE ? undefined : { shared, ends: false };
    }
    at = skipBlanks(text, quoted ? at + 1 : at);
    if (text.charCodeAt(at) !== DOT) return { shared: shared + 1, ends: true };
    at++;
  }
  return { shared: path.length, ends: false };
}

/** The keys between two offsets, which hold no header. */
function scanKeyValues(text: string, from: number, to: number): KeyValue[] {
  const found: KeyValue[] = [];
  for (let lineStart = from; lineStart < to;) {
    const start = skipBlanks(text, lineStart);
    const valueStart = valueOf(text, start);
    const lineEnd = endOfLine(text, endsOnItsLine(text, valueStart));
    if (valueStart > start) {
      found.push(new KeyValue(text, lineStart, start, valueStart, lineEnd));
    }
    lineStart = lineEnd;
  }
  return found;
}

/** The offset of the value of the key at `start`; `start` itself on an empty line or a comment. */
function valueOf(text: string, start: number): number {
  if (start >= text.length) return start;
  const code = text.charCodeAt(start);
  if (isLineBreak(code) || code === HASH) return start;
  return skipBlanks(text, skipKey(text, start) + 1);
}

/** An offset in the last line of the value; values of one line are not looked into. */
function endsOnItsLine(text: string, valueStart: number): number {
  if (valueStart >= text.length) return text.length;
  const code = text.charCodeAt(valueStart);
  if (code === OPEN_BRACKET || code === OPEN_BRACE) return skipNested(text, valueStart);
  const multiline =
    (code === QUOTE || code === APOSTROPHE) &&
    text.charCodeAt(valueStart + 1) === code &&
    text.charCodeAt(valueStart + 2) === code;
  return multiline ? skipString(text, valueStart) : valueStart;
}

/** The offset of the `=` behind a key. */
function skipKey(text: string, start: number): number {
  for (let at = start; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === EQUALS) return at;
    at = code === QUOTE || code === APOSTROPHE ? skipString(text, at) : at + 1;
  }
  return text.length;
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
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
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
