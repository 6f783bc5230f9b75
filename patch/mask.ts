/**
 * Masks credentials: the lines of configuration files appear in errors, diffs and logs. The masked parts are never
 * needed to understand a problem.
 */

/** A part of one line that is masked. */
export interface HiddenSpan {
  start: number;
  end: number;
}

// A key can be anywhere in a line: in an inline table, or in a file of one line. A colon is an assignment only after a
// quote or before a blank: `http://auth:5000` is an address. dockerd's authorization-plugins is a list of names.
const assignment =
  /(?:password|passwd|secret|token|auth(?!orization-plugins)|credential|(?:api|access)[_-]?key)[\w-]*(?:["']?[ \t]*=[ \t]*|["'][ \t]*:\s*|:[ \t]+)(?=\S)/gi;
// With a scheme, or as a word of its own. `img:1@sha256:...` has no user.
const userinfo = /(?<=\/\/)[^/@\s"']+(?=@)|(?<=["'\s=,[]|^)[\w.+-]+:[^/@\s"']+(?=@(?!sha\d))/gm;

/** The text with `***` for credentials (values of password-like keys, userinfo in URLs). It keeps its lines. */
export function maskSecrets(text: string): string {
  let masked = "";
  let at = 0;
  for (const { start, end } of hiddenSpans(text)) {
    masked += `${text.slice(at, start)}***`;
    at = end;
  }
  return masked + text.slice(at);
}

/** The masked parts of a text: sorted, without overlaps, each within one line. */
export function hiddenSpans(text: string): HiddenSpan[] {
  const spans: HiddenSpan[] = [];
  let shown = 0;
  assignment.lastIndex = 0;
  for (let match = assignment.exec(text); match !== null; match = assignment.exec(text)) {
    const start = match.index + match[0].length;
    const end = endOfSecret(text, match.index, start);
    spans.push(...urlsIn(text, shown, match.index), ...linesOf(text, start, end));
    shown = end;
    assignment.lastIndex = end;
  }
  return [...spans, ...urlsIn(text, shown, text.length)];
}

function urlsIn(text: string, from: number, to: number): HiddenSpan[] {
  return [...text.slice(from, to).matchAll(userinfo)].map(({ index, 0: found }) => {
    return { start: from + index, end: from + index + found.length };
  });
}

/** A value over several lines is masked in each of them, except for leading blanks. */
function linesOf(text: string, from: number, to: number): HiddenSpan[] {
  const spans: HiddenSpan[] = [];
  for (let start = from; start < to;) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 || newline > to ? to : newline;
    const line = text.slice(start, end);
    const first = start + line.search(/\S|$/);
    const last = start + line.trimEnd().length;
    if (first < last) spans.push({ start: first, end: last });
    start = end + 1;
  }
  return spans;
}

/** The end of the value, or the end of its line if the value's end is uncertain. */
function endOfSecret(text: string, key: number, start: number): number {
  const endOfLine = lineEnd(text, start);
  const value = endOfValue(text, start);
  if (value !== undefined) return goesOn(text, value) ? value : lineEnd(text, value);
  const lineStart = text.lastIndexOf("\n", key) + 1;
  if (!isWithinString(text.slice(lineStart, start))) return endOfLine;
  const quote = closingQuote(text, start, '"');
  return quote === undefined ? endOfLine : quote - 1;
}

/** Whether the rest after a value is a closing bracket, the next key, or nothing. A comment may hold an older secret. */
function goesOn(text: string, at: number): boolean {
  const rest = text.slice(at, lineEnd(text, at));
  return /^[\s}\]]*(?:,\s*(?:$|[{[]|["']?[\w.-]+["']?\s*[:=]).*)?$/.test(rest);
}

/** The end of a quoted string, a list, a table, or a JSON literal; undefined for anything else. */
function endOfValue(text: string, start: number): number | undefined {
  const [first = ""] = text.slice(start, start + 1);
  const triple = /^("""|''')/.exec(text.slice(start, start + 3))?.[0];
  if (triple !== undefined) {
    const end = text.indexOf(triple, start + 3);
    return end < 0 ? text.length : end + 3;
  }
  if (first === '"' || first === "'") return closingQuote(text, start + 1, first);
  if (first === "[" || first === "{") return closingBracket(text, start);
  const literal = /(?:true|false|null|-?\d[\d.]*)(?=[ \t]*(?:[,}\]\r\n]|$))/y;
  literal.lastIndex = start;
  return literal.test(text) ? literal.lastIndex : undefined;
}

/** The offset after the quote that ends a string in its line. */
function closingQuote(text: string, start: number, quote: string): number | undefined {
  for (let at = start; at < text.length && text[at] !== "\n"; at++) {
    if (text[at] === quote) return at + 1;
    if (text[at] === "\\" && quote === '"') at++;
  }
  return undefined;
}

/** The offset after the bracket that ends a list or a table. Without such a bracket, everything is masked. */
function closingBracket(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === '"' || character === "'") {
      at = (closingQuote(text, at + 1, character) ?? at + 1) - 1;
    } else if ("[{".includes(character)) {
      depth++;
    } else if ("]}".includes(character) && --depth === 0) {
      return at + 1;
    }
  }
  return text.length;
}

function isWithinString(before: string): boolean {
  return (before.replace(/\\./g, "").match(/"/g) ?? []).length % 2 === 1;
}

function lineEnd(text: string, at: number): number {
  const newline = text.indexOf("\n", at);
  const end = newline < 0 ? text.length : newline;
  return text[end - 1] === "\r" && end > at ? end - 1 : end;
}
