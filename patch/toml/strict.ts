import { skipString } from "./scan";

/** What a text has that TOML 1.0 forbids, and where. */
export interface Deviation {
  offset: number;
  found: string;
}

/**
 * smol-toml reads TOML 1.1 too; containerd's parsers read 1.0. A cheap look tells for nearly every file
 * that nothing of 1.1 can be in it; only then is the text walked token by token.
 *
 * @returns the first thing in a text, valid as TOML 1.1, that TOML 1.0 forbids
 */
export function deviationFromToml10(text: string): Deviation | undefined {
  const suspicious =
    text.includes("{") ||
    text.includes("\\e") ||
    text.includes("\\x") ||
    text.includes("-29") ||
    text.includes("-3") ||
    hasShortTime(text);
  return suspicious ? walk(text) : undefined;
}

/** Is there a colon between digits, with no second one behind it? */
function hasShortTime(text: string): boolean {
  for (let at = text.indexOf(":"); at >= 0; at = text.indexOf(":", at + 1)) {
    if (/^\d\d:\d\d(?![:\d])/.test(text.slice(Math.max(0, at - 2), at + 4))) return true;
  }
  return false;
}

function walk(text: string): Deviation | undefined {
  const nesting: { open: string; offset: number; afterComma: boolean }[] = [];
  for (let at = 0; at < text.length;) {
    const character = text[at] ?? "";
    const top = nesting[nesting.length - 1];
    if (character === '"' || character === "'") {
      const end = skipString(text, at);
      const escape = character === '"' ? newEscape(text.slice(at, end)) : -1;
      if (escape >= 0) {
        return {
          offset: at + escape,
          found: `the escape ${text.slice(at + escape, at + escape + 2)}`,
        };
      }
      if (top !== undefined) top.afterComma = false;
      at = end;
    } else if (character === "#") {
      if (top?.open === "{") return { offset: at, found: "a comment within an inline table" };
      const newline = text.indexOf("\n", at);
      at = newline < 0 ? text.length : newline;
    } else if (character === "{" || (character === "[" && isValue(text, at, nesting.length))) {
      if (top !== undefined) top.afterComma = false;
      nesting.push({ open: character, offset: at, afterComma: false });
      at++;
    } else if ((character === "}" || character === "]") && top !== undefined) {
      if (character === "}" && top.afterComma) {
        return { offset: at, found: "a comma before the end of an inline table" };
      }
      nesting.pop();
      at++;
    } else if (character === "\n" && top?.open === "{") {
      return { offset: at, found: "a line break within an inline table" };
    } else if (character === "," && top !== undefined) {
      top.afterComma = true;
      at++;
    } else if (/[\s=.\]]/.test(character)) {
      at++;
    } else {
      const word = /[^\s,[\]{}#="']+/y;
      word.lastIndex = at;
      const token = word.exec(text)?.[0] ?? character;
      if (/^(?:\d{4}-\d\d-\d\d[Tt])?\d\d:\d\d(?:[Zz]|[+-]\d\d:\d\d)?$/.test(token)) {
        return { offset: at, found: `the time \`${token}\` without seconds` };
      }
      if (isNoDate(token) && isValue(text, at, nesting.length) && !isKey(text, at + token.length)) {
        return { offset: at, found: `the date \`${token}\`, which no calendar has` };
      }
      if (top !== undefined) top.afterComma = false;
      at += token.length;
    }
  }
  return undefined;
}

/** smol-toml takes February 30 for a day in March. */
function isNoDate(token: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt].*)?$/.exec(token);
  if (match === null) return false;
  const date = new Date(0);
  date.setUTCFullYear(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return date.getUTCDate() !== Number(match[3]);
}

function isKey(text: string, behind: number): boolean {
  return /[ \t]*=/y.test(text.slice(behind, behind + 100));
}

/** Values stand behind an `=` or inside another value; at the start of a line `[` is a header. */
function isValue(text: string, offset: number, depth: number): boolean {
  if (depth > 0) return true;
  let before = offset - 1;
  while (text[before] === " " || text[before] === "\t") before--;
  return text[before] === "=";
}

function newEscape(quoted: string): number {
  const match = /(?:^|[^\\])(?:\\\\)*(\\[ex])/.exec(quoted);
  return match === null ? -1 : match.index + match[0].length - 2;
}
