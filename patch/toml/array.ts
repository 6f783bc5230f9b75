import { type Element, elementsOf, endOfLine, skipBlanks } from "./places";
import { type TextEdit } from "../text-edit";
import { type Quote, tomlString } from "./write";

/**
 * Makes an array of strings contain the wanted ones in the wanted order, with as few changes as possible. Elements of
 * others keep their place, a missing element goes next to the one that it follows, and elements in the wrong order are
 * exchanged. There is no edit if nothing has to change.
 *
 * @param array the array
 * @param values the meaning of its elements, in order
 * @param quote the quote for an empty array; otherwise a new element is written like the first one
 * @param same returns whether two spellings mean the same
 */
export function arrangeArray(
  text: string,
  array: Pick<Element, "value" | "valueStart">,
  values: readonly string[],
  wanted: readonly string[],
  quote: Quote,
  same: (a: string, b: string) => boolean,
): TextEdit[] {
  const elements = elementsOf(array.value);
  const [first] = elements;
  if (first === undefined) {
    const inner = wanted.map((value) => tomlString(value, quote)).join(", ");
    return [{ offset: array.valueStart + 1, length: 0, text: inner }];
  }
  const style: Quote = text[first.start] === "'" ? "'" : '"';
  const found = wanted.map((value) => values.findIndex((existing) => same(existing, value)));
  const slots = found.filter((index) => index >= 0).sort((a, b) => a - b);
  const edits: TextEdit[] = [];
  const missing: string[] = [];
  let next = 0; // the index in the array before which the missing elements go
  let slot = 0;
  const insertMissing = (): void => {
    if (missing.length > 0) edits.push(insertElements(text, elements, next, missing));
    missing.length = 0;
  };
  wanted.forEach((value, order) => {
    const index = found[order] ?? -1;
    if (index < 0) {
      missing.push(tomlString(value, style));
      return;
    }
    insertMissing();
    const target = slots[slot++] ?? index;
    if (target !== index) edits.push(exchange(text, elements, target, index));
    next = target + 1;
  });
  insertMissing();
  return edits;
}

/** Replaces the element at `target` by the text of the one at `index`. */
function exchange(
  text: string,
  elements: readonly Element[],
  target: number,
  index: number,
): TextEdit {
  const to = elements[target] as Element;
  const from = elements[index] as Element;
  const moved = text.slice(from.start, from.valueEnd);
  return { offset: to.start, length: to.valueEnd - to.start, text: moved };
}

/** Inserts elements before the one at `index`, or after the last. Each gets its own line if the others have one. */
function insertElements(
  text: string,
  elements: readonly Element[],
  index: number,
  written: readonly string[],
): TextEdit {
  const next = elements[index];
  const neighbour = next ?? elements[elements.length - 1];
  if (neighbour === undefined) throw new RangeError("an empty array has no neighbour to go to");
  const lineStart = text.lastIndexOf("\n", neighbour.start - 1) + 1;
  const ownLine = skipBlanks(text, lineStart) === neighbour.start && lineStart > 0;
  const indent = text.slice(lineStart, neighbour.start);
  const ending = text[lineStart - 2] === "\r" ? "\r\n" : "\n";
  if (next !== undefined) {
    const joined = ownLine
      ? written.map((value) => `${indent}${value},${ending}`).join("")
      : written.map((value) => `${value}, `).join("");
    return { offset: ownLine ? lineStart : next.start, length: 0, text: joined };
  }
  const separator = ownLine ? `,${ending}${indent}` : ", ";
  const joined = written.map((value) => separator + value).join("");
  return { offset: neighbour.valueEnd, length: 0, text: joined };
}

/**
 * Removes an element of an array or inline table, with its comma. If it has its own line, the whole line is removed.
 */
export function removeElement(text: string, elements: readonly Element[], index: number): TextEdit {
  const element = elements[index] as Element;
  const next = elements[index + 1];
  const previous = elements[index - 1];
  const lineStart = text.lastIndexOf("\n", element.start - 1) + 1;
  const lineEnd = endOfLine(text, element.valueEnd);
  const aloneBefore = lineStart > 0 && skipBlanks(text, lineStart) === element.start;
  const behind = /^[ \t]*,?[ \t]*(?:#[^\n]*)?\r?\n?$/.test(text.slice(element.valueEnd, lineEnd));
  if (aloneBefore && behind && lineEnd > element.valueEnd) {
    return { offset: lineStart, length: lineEnd - lineStart, text: "" };
  }
  if (next !== undefined) {
    const comma = text.indexOf(",", element.valueEnd);
    const sameLine = !text.slice(element.start, next.start).includes("\n");
    const end = sameLine ? next.start : comma + 1;
    return { offset: element.start, length: end - element.start, text: "" };
  }
  if (previous !== undefined && !text.slice(previous.valueEnd, element.start).includes("\n")) {
    const offset = previous.valueEnd;
    return { offset, length: element.valueEnd - offset, text: "" };
  }
  const comma = /^[ \t]*,/.exec(text.slice(element.valueEnd))?.[0].length ?? 0;
  const start = element.start;
  const end = element.valueEnd + comma;
  // Remove the only entry of `{ a = 1 }` with the blank that an insertion adds after it: see insertInline.
  const alone = /\{[ \t]+$/.test(text.slice(0, start)) && /^[ \t]/.test(text.slice(end));
  return { offset: start, length: end - start + (alone ? 1 : 0), text: "" };
}
