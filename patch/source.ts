import { isUtf8 } from "node:buffer";

import { codeFrame } from "./frame";
import { type Problem, Refusal } from "./problem";

/**
 * The text of one file, with a conversion to byte offsets. Everything works on the text, with offsets in UTF-16 units.
 * A plan has byte offsets, and only `byteOffset` converts them.
 */
export class Source {
  private readonly ascii: boolean;

  private constructor(
    readonly path: string,
    readonly bytes: Buffer,
    readonly text: string,
  ) {
    this.ascii = text.length === bytes.length;
  }

  /** @throws Refusal for bytes that are not UTF-8, and for NUL bytes: no daemon reads such a file */
  static decode(path: string, bytes: Buffer): Source {
    const nul = bytes.indexOf(0);
    if (nul >= 0 || !isUtf8(bytes)) throw new Refusal([notText(path, bytes, nul)]);
    return new Source(path, bytes, bytes.toString("utf8"));
  }

  /** Whether the text begins with a byte-order mark, which `text` keeps as its first character. */
  get hasByteOrderMark(): boolean {
    return this.text.charCodeAt(0) === 0xfeff;
  }

  byteOffset(offset: number): number {
    return this.ascii ? offset : Buffer.byteLength(this.text.slice(0, offset), "utf8");
  }

  /** Line and column of an offset, both from 1. */
  position(offset: number): { line: number; column: number } {
    let line = 1;
    let lineStart = 0;
    for (let end = this.text.indexOf("\n"); end >= 0 && end < offset;) {
      line++;
      lineStart = end + 1;
      end = this.text.indexOf("\n", lineStart);
    }
    return { line, column: offset - lineStart + 1 };
  }

  /** A problem at an offset, with its line, column and frame. */
  problem(offset: number, what: Pick<Problem, "expected" | "found" | "fix">): Problem {
    const { line, column } = this.position(offset);
    return { file: this.path, line, column, ...what, frame: codeFrame(this.text, line, column) };
  }

  /** A refusal with one problem at an offset. */
  refuse(offset: number, what: Pick<Problem, "expected" | "found" | "fix">): Refusal {
    return new Refusal([this.problem(offset, what)]);
  }
}

function notText(path: string, bytes: Buffer, nul: number): Problem {
  const at = nul >= 0 ? nul : firstInvalidByte(bytes);
  const before = bytes.subarray(0, at).toString("utf8");
  const line = before.split("\n").length;
  const column = before.length - (before.lastIndexOf("\n") + 1) + 1;
  const byte = (bytes[at] ?? 0).toString(16).padStart(2, "0");
  // Invalid bytes are shown as the replacement character, so that the rest of the line is readable.
  const frame = codeFrame(before + bytes.subarray(at).toString("utf8"), line, column);
  return {
    file: path,
    line,
    column,
    expected: "text in UTF-8",
    found: nul >= 0 ? `a NUL byte at byte ${at}` : `byte 0x${byte} at byte ${at}, not UTF-8`,
    fix: "rewrite the file as UTF-8 text (it may be UTF-16, or damaged)",
    frame,
  };
}

/** The longest valid prefix, by bisection: each prefix of valid text is valid. */
function firstInvalidByte(bytes: Buffer): number {
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (isUtf8Prefix(bytes.subarray(0, middle))) valid = middle;
    else invalid = middle;
  }
  return valid;
}

/** Whether the bytes are UTF-8, except for a last character that the cut may have split. */
function isUtf8Prefix(bytes: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
