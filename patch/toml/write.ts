/** The quotes that a file uses. */
export type Quote = '"' | "'";

/** A string in this quote if possible, or else in the other one. */
export function tomlString(value: string, quote: Quote): string {
  if (!/["'\\\u0000-\u001f\u007f]/.test(value)) return quote + value + quote;
  // A literal string has no escapes, so a text with a quote or a control character needs a basic string.
  if (quote === "'" && !/['\u0000-\u001f\u007f]/.test(value)) return `'${value}'`;
  const escaped = value.replace(/["\\\u0000-\u001f\u007f]/g, (character) =>
    character === '"' || character === "\\"
      ? `\\${character}`
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${escaped}"`;
}

/** A key in TOML: without quotes if TOML allows that. */
export function tomlKey(part: string, quote: Quote): string {
  return /^[A-Za-z0-9_-]+$/.test(part) ? part : tomlString(part, quote);
}

export function tomlPath(path: readonly string[], quote: Quote): string {
  return path.map((part) => tomlKey(part, quote)).join(".");
}

export function tomlArray(values: readonly string[], quote: Quote): string {
  return `[${values.map((value) => tomlString(value, quote)).join(", ")}]`;
}
