import { diffArrays } from "diff";

import { type TextEdit } from "./text-edit";

/** The edits by whole lines that change one text into another. */
export function lineEdits(before: string, after: string): TextEdit[] {
  if (before === after) return [];
  const edits: TextEdit[] = [];
  let offset = 0;
  for (const part of diffArrays(withEnds(before), withEnds(after))) {
    const text = part.value.join("");
    const last = edits[edits.length - 1];
    const touches = last !== undefined && last.offset + last.length === offset;
    if (part.removed) {
      if (touches) last.length += text.length;
      else edits.push({ offset, length: text.length, text: "" });
      offset += text.length;
    } else if (part.added) {
      if (touches) last.text += text;
      else edits.push({ offset, length: 0, text });
    } else {
      offset += text.length;
    }
  }
  return edits;
}

function withEnds(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}
