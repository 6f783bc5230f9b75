/** One word of a shell, as the CLI writes it: marks escaped; in quotes where white space is in it. */
export function shellWord(text: string): string {
  if (text === "") return "''";
  if (!/[ \t\n]/.test(text)) return text.replace(/[\\'"`${[|&;<>()*?!]|^~/g, "\\$&");
  // A quote within quotes: out of them, an escaped one, and in again.
  return text
    .split("'")
    .map((part) => (part === "" ? "" : `'${part}'`))
    .join("\\'");
}
