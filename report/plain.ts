/**
 * Text of a host as it can be shown: every control character, and every character that is not seen or that changes the
 * direction of the text, is written as `\u` and its number. Lines and tabs stay if `multiline` is set.
 */
export function plain(text: string, multiline = false): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    multiline && (character === "\n" || character === "\t")
      ? character
      : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
