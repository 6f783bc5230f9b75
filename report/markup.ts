import { plain } from "./plain";

/** Markup. Apart from constants, only `markup` makes it, so that no text gets into a page as markup. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What stands in a template: text, which is escaped, or markup. */
export type Part = string | number | Markup | readonly Markup[];

/** A template of HTML. Each text in it is escaped, for elements and for quoted attributes. */
export function markup(pieces: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const texts = pieces.map((piece, index) => {
    const part = parts[index];
    return part === undefined ? piece : piece + textOf(part);
  });
  return new Markup(texts.join(""));
}

/** Nothing, where something can stand. */
export const NOTHING = new Markup("");

function textOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === "string" || typeof part === "number") return escaped(String(part));
  return part.map(({ text }) => text).join("");
}

const NAMES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return plain(text, true).replace(/[&<>"']/g, (character) => NAMES[character] ?? "");
}
