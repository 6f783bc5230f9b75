/** Characters that resemble JSON's own, or are invisible. They come from word processors, web pages and chats. */
const KNOWN: Readonly<Record<string, { name: string; meant: string }>> = {
  "'": { name: "an apostrophe", meant: '"' },
  "`": { name: "a grave accent", meant: '"' },
  "\u00b4": { name: "an acute accent", meant: '"' },
  "\u00ab": { name: "a left guillemet", meant: '"' },
  "\u00bb": { name: "a right guillemet", meant: '"' },
  "\u2018": { name: "a left single quotation mark", meant: '"' },
  "\u2019": { name: "a right single quotation mark", meant: '"' },
  "\u201a": { name: "a low single quotation mark", meant: '"' },
  "\u201b": { name: "a reversed single quotation mark", meant: '"' },
  "\u201c": { name: "a left double quotation mark", meant: '"' },
  "\u201d": { name: "a right double quotation mark", meant: '"' },
  "\u201e": { name: "a low double quotation mark", meant: '"' },
  "\u201f": { name: "a reversed double quotation mark", meant: '"' },
  "\u2032": { name: "a prime", meant: '"' },
  "\u2033": { name: "a double prime", meant: '"' },
  "\uff02": { name: "a fullwidth quotation mark", meant: '"' },
  "\u2013": { name: "an en dash", meant: "-" },
  "\u2014": { name: "an em dash", meant: "-" },
  "\u2212": { name: "a minus sign", meant: "-" },
  "\uff1a": { name: "a fullwidth colon", meant: ":" },
  "\uff0c": { name: "a fullwidth comma", meant: "," },
  "\u3001": { name: "an ideographic comma", meant: "," },
  "\uff5b": { name: "a fullwidth brace", meant: "{" },
  "\uff5d": { name: "a fullwidth brace", meant: "}" },
  "\uff3b": { name: "a fullwidth bracket", meant: "[" },
  "\uff3d": { name: "a fullwidth bracket", meant: "]" },
  "\u000b": { name: "a vertical tab", meant: " " },
  "\u000c": { name: "a form feed", meant: " " },
  "\u0085": { name: "a next-line character", meant: " " },
  "\u00a0": { name: "a no-break space", meant: " " },
  "\u202f": { name: "a narrow no-break space", meant: " " },
  "\u3000": { name: "an ideographic space", meant: " " },
  "\u2028": { name: "a line separator", meant: " " },
  "\u2029": { name: "a paragraph separator", meant: " " },
  "\u00ad": { name: "a soft hyphen", meant: "" },
  "\u200b": { name: "a zero-width space", meant: "" },
  "\u200c": { name: "a zero-width non-joiner", meant: "" },
  "\u200d": { name: "a zero-width joiner", meant: "" },
  "\u200e": { name: "a left-to-right mark", meant: "" },
  "\u200f": { name: "a right-to-left mark", meant: "" },
  "\u2060": { name: "a word joiner", meant: "" },
  "\ufeff": { name: "a byte-order mark", meant: "" },
};

/** A character that JSON does not allow: its name, and the character that was probably meant, if known. */
export interface StrangeCharacter {
  name: string;
  /** A character of JSON; empty if the character should be removed. */
  meant: string | undefined;
}

/**
 * Describes a character that JSON does not allow outside of strings. Undefined for allowed characters and for letters.
 */
export function strangeCharacter(character: string): StrangeCharacter | undefined {
  const known = KNOWN[character];
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  if (known !== undefined) {
    const shown = /^[\p{P}\p{S}]$/u.test(character) ? `${known.name} \`${character}\`` : known.name;
    return { name: `${shown} (${code})`, meant: known.meant };
  }
  if (/^[\p{Zs}\p{Zl}\p{Zp}]$/u.test(character) && character !== " ") {
    return { name: `a space of another kind (${code})`, meant: " " };
  }
  if (/^\p{Cf}$/u.test(character))
    return { name: `a character that is not seen (${code})`, meant: "" };
  if (/^[^\t\n\r\P{Cc}]$/u.test(character)) {
    return { name: `a control character (${code})`, meant: "" };
  }
  if (/^[\p{P}\p{S}]$/u.test(character) && !'{}[]:,"+-._$'.includes(character)) {
    return { name: `\`${character}\` (${code})`, meant: undefined };
  }
  return undefined;
}

/** Whether people use the character as a quotation mark, although JSON does not. */
export function isOtherQuote(character: string | undefined): boolean {
  return character !== undefined && KNOWN[character]?.meant === '"';
}

/** A quoted text in which every character is visible. */
export function visible(text: string): string {
  const escaped = (character: string): string =>
    `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(text).replace(/[\p{Cf}\p{Zl}\p{Zp}\u007f-\u00a0]|(?! )\p{Zs}/gu, escaped);
}
