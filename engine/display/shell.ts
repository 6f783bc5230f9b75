/** Quotes one word for a shell, as the CLI does: escapes special characters, and adds quotes around white space. */
export function shellWord(text: string): string {
  if (text === "") return "''";
  if (!/[ \t\n]/.test(text)) return text.replace(/[\\'"`${[|&;<>()*?!]|^~/g, "\\$&");
  // A quote inside quotes: close them, escape it, open them again.
  return text
    .split("'")
    .map((part) => (part === "" ? "" : `'${part}'`))
    .join("\\'");
}
