import { isOtherQuote, strangeCharacter } from "./characters";

/** One reason why a text is not JSON. */
export interface JsonFault {
  offset: number;
  expected: string;
  found: string;
  fix: string;
}

/**
 * The reasons why a text is not JSON: each cause once, however many errors a parser reports for it. Characters of one
 * kind are one cause, because one program wrote them. Consequences are left out: after an unclosed string, nothing is
 * known about the rest.
 */
export function jsonFaults(text: string): JsonFault[] {
  const { tokens, faults, ends } = new Scanner(text).scan();
  if (!ends) return faults;
  return [...faults, ...structureFaults(text, tokens)].sort((a, b) => a.offset - b.offset);
}

/** Templates of Go, Jinja, and the shell. JSON has none of these outside of strings. */
const TEMPLATE = /\{\{-?\s*[A-Za-z.$(]|\{%|<%|\$\{/y;

type Sign = "{" | "}" | "[" | "]" | ":" | ",";

interface Token {
  type: Sign | "string" | "value";
  offset: number;
}

const JSON_ONLY = "valid JSON";

/** Splits a text as its author intended, and collects the parts that are not JSON. */
class Scanner {
  private readonly tokens: Token[] = [];
  private readonly faults: JsonFault[] = [];
  /** Faults of characters by kind, and the number of characters for each. */
  private readonly characters = new Map<string, { fault: JsonFault; count: number }>();
  private at = 0;
  private ends = true;

  constructor(private readonly text: string) {}

  scan(): { tokens: Token[]; faults: JsonFault[]; ends: boolean } {
    while (this.at < this.text.length && this.ends) this.next();
    for (const { fault, count } of this.characters.values()) {
      const more = count === 1 ? "" : `, and ${count - 1} more of this kind`;
      this.faults.push({ ...fault, found: fault.found + more });
    }
    const { tokens, faults, ends } = this;
    return { tokens, faults, ends };
  }

  private next(): void {
    const { text, at } = this;
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    TEMPLATE.lastIndex = at;
    if (/[ \t\r\n]/.test(character)) this.at++;
    else if (TEMPLATE.test(text)) this.template();
    else if (character === '"') this.string();
    else if (isOtherQuote(character)) this.otherString(character);
    else if ("{}[]:,".includes(character)) this.sign(character as Sign);
    else if (character === "#" || /^\/[/*]/.test(text.slice(at, at + 2))) this.comment(character);
    else if (!this.strange(character)) this.word();
  }

  /** All other faults follow from a template. */
  private template(): void {
    this.faults.length = 0;
    this.characters.clear();
    const found = "a template, of which a program makes the file that dockerd reads";
    this.fault(this.at, found, "name the file that is made of it");
    this.ends = false;
  }

  private sign(type: Sign): void {
    this.tokens.push({ type, offset: this.at++ });
  }

  private fault(offset: number, found: string, fix: string, expected = JSON_ONLY): void {
    this.faults.push({ offset, expected, found, fix });
  }

  private character(offset: number, kind: string, found: string, fix: string): void {
    const known = this.characters.get(kind);
    if (known !== undefined) known.count++;
    else
      this.characters.set(kind, { fault: { offset, expected: JSON_ONLY, found, fix }, count: 1 });
  }

  private string(): void {
    const { text, at: start } = this;
    this.tokens.push({ type: "string", offset: start });
    let at = start + 1;
    for (; at < text.length && text[at] !== '"' && text[at] !== "\n"; at++) {
      if (text[at] === "\\") this.escape(at++);
      else if (text.charCodeAt(at) < 0x20 && text[at] !== "\r") this.controlCharacter(at);
    }
    if (text[at] === '"') {
      this.at = at + 1;
      return;
    }
    // The string begins with JSON's quotation mark and ends with another one: the last one in the line.
    const line = text.slice(start + 1, at);
    const end = [...line].map(isOtherQuote).lastIndexOf(true);
    if (end >= 0) {
      this.at = start + 1 + [...line].slice(0, end).join("").length;
      this.quote(this.at++);
      return;
    }
    this.fault(start, "a string without its end in its line", 'end it with a quotation mark (")');
    this.ends = false;
  }

  private escape(at: number): void {
    const rest = this.text.slice(at, at + 6);
    if (/^\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/.test(rest)) return;
    const found = `the escape \`${rest.slice(0, 2)}\` in a string, which JSON has not`;
    this.character(at, "escape", found, "write \\\\ where a backslash is meant");
  }

  private controlCharacter(at: number): void {
    const code = this.text.charCodeAt(at).toString(16).padStart(4, "0");
    const found = `a control character in a string (U+${code.toUpperCase()})`;
    this.character(at, found, found, `write \\${code === "0009" ? "t" : `u${code}`} in its place`);
  }

  /** A string between quotation marks that JSON does not allow: all of these are one cause. */
  private otherString(open: string): void {
    const { text, at } = this;
    this.tokens.push({ type: "string", offset: at });
    this.quote(at);
    this.at += open.length;
    const behind = /[^"\n]*/y;
    for (let end = this.at; end < text.length && text[end] !== "\n"; end++) {
      if (text[end] !== '"' && !isOtherQuote(text[end])) continue;
      // An apostrophe within a word does not end a string.
      behind.lastIndex = end + 1;
      if (!/^\s*(?:[:,}\]]|$)/.test(behind.exec(text)?.[0] ?? "")) continue;
      if (text[end] !== '"') this.quote(end);
      this.at = end + 1;
      return;
    }
    this.ends = false;
  }

  private quote(at: number): void {
    const found = strangeCharacter(this.text[at] ?? "")?.name ?? "";
    this.character(at, "quote", found, 'write " in its place');
  }

  private comment(sign: string): void {
    const { text, at } = this;
    const isBlock = text.startsWith("/*", at);
    const end = text.indexOf(isBlock ? "*/" : "\n", at + (isBlock ? 2 : 0));
    this.at = end < 0 ? text.length : end + (isBlock ? 2 : 0);
    const lacks = isBlock && end < 0;
    this.fault(
      at,
      lacks ? "a comment without its end" : `a comment${sign === "#" ? " (#)" : ""}`,
      "take the comment out of the file",
      "JSON without comments, since dockerd takes none",
    );
    if (lacks) this.ends = false;
  }

  private strange(character: string): boolean {
    const what = strangeCharacter(character);
    if (what === undefined) return false;
    const { name, meant } = what;
    const fix =
      meant === undefined || meant === ""
        ? "take it out of the file"
        : meant === " "
          ? "write a blank in its place"
          : `write ${meant} in its place`;
    this.character(this.at, name, name, fix);
    if (meant !== undefined && "{}[]:,".includes(meant) && meant !== "") {
      this.tokens.push({ type: meant as Sign, offset: this.at });
    }
    this.at += character.length;
    return true;
  }

  private wordAt(start: number): string {
    let text = "";
    for (const character of this.text.slice(start)) {
      if (/[\s{}[\]:,"#]/.test(character)) break;
      if (text !== "" && strangeCharacter(character) !== undefined) break;
      text += character;
    }
    return text;
  }

  /** A number, true, false, null, or a word in the place of a value. */
  private word(): void {
    const text = this.wordAt(this.at);
    const { at } = this;
    this.at += text.length;
    const isKey = /^[ \t]*:/.test(this.text.slice(this.at, this.at + 80));
    this.tokens.push({ type: isKey ? "string" : "value", offset: at });
    if (isKey) {
      this.fault(at, `the key ${text} without quotes`, `write "${text}"`);
    } else if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) {
      if (Number.isFinite(Number(text))) return;
      this.fault(at, `the number ${text}, which dockerd cannot hold`, "write a smaller one");
    } else if (/^(?:true|false|null)$/i.test(text)) {
      if (text === text.toLowerCase()) return;
      this.fault(at, text, `write ${text.toLowerCase()}`);
    } else if (/^[+-]?[\d.]/.test(text) && Number.isFinite(Number(text))) {
      this.fault(at, `the number ${text} in a form that JSON has not`, `write ${Number(text)}`);
    } else {
      // Do not show the word: it may be a password.
      this.fault(at, "a value without quotes", "write it in quotes, or take it out");
    }
  }
}

/**
 * Faults in the order of the parts: all commas, or else only the first fault, because the others may follow from it.
 */
function structureFaults(text: string, tokens: readonly Token[]): JsonFault[] {
  const faults: JsonFault[] = [];
  const byHand = "mend the file by hand: dockerd does not read it either";
  let at = 0;
  /** Ends the walk. */
  const stop = (offset: number, found: string, fix = byHand): never => {
    faults.push({ offset, expected: JSON_ONLY, found, fix });
    throw new Stop();
  };
  const line = (offset: number): number => text.slice(0, offset).split("\n").length;
  const value = (): void => {
    const token = tokens[at];
    if (token === undefined) return stop(text.length, "no value where one must stand");
    at++;
    if (token.type === "{") members(token, "}", member);
    else if (token.type === "[") members(token, "]", value);
    else if (token.type !== "string" && token.type !== "value") {
      stop(token.offset, `${token.type} where a value must stand`);
    }
  };
  const member = (): void => {
    const key = tokens[at++];
    if (key?.type !== "string")
      stop(key?.offset ?? text.length, "no key in quotes where one must stand");
    const colon = tokens[at++];
    if (colon?.type !== ":") stop(colon?.offset ?? text.length, "no colon behind a key");
    value();
  };
  const members = (open: Token, close: "}" | "]", element: () => void): void => {
    let comma: Token | undefined;
    let isParted = true;
    for (;;) {
      const token = tokens[at];
      if (token === undefined) {
        return stop(
          text.length,
          `no ${close} that ends the ${open.type} in line ${line(open.offset)}`,
          `write ${close} where it ends`,
        );
      }
      if (token.type === close) {
        at++;
        if (comma !== undefined) faults.push(lastComma(comma));
        return;
      }
      if (token.type === ",") {
        faults.push({
          offset: token.offset,
          expected: JSON_ONLY,
          found: "a comma with nothing before it",
          fix: "take it out",
        });
        at++;
        comma = undefined;
        isParted = true;
        continue;
      }
      if (token.type === "}" || token.type === "]") {
        stop(token.offset, `${token.type} where ${close} must stand`);
      }
      if (!isParted) {
        faults.push({
          offset: token.offset,
          expected: JSON_ONLY,
          found: "no comma between two elements",
          fix: "write a comma between them",
        });
      }
      element();
      comma = tokens[at]?.type === "," ? tokens[at++] : undefined;
      isParted = comma !== undefined;
    }
  };
  try {
    value();
    const more = tokens[at];
    if (more !== undefined) {
      const fix = "take it out: dockerd does not start with it from 23.0 on";
      stop(more.offset, "more text behind the end of the object", fix);
    }
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
  return faults;
}

class Stop extends Error {}

function lastComma({ offset }: Token): JsonFault {
  return {
    offset,
    expected: "no comma behind the last element, since JSON takes none there",
    found: "a comma",
    fix: "take the comma out",
  };
}
