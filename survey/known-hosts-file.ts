import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * Adds a line to a known_hosts file, which need not exist. A line that is there already stays the only one; a last line
 * without its newline is ended first. One write at the file's end, so that two who add at once do not mix their lines.
 */
export function rememberHostKey(file: string, line: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const descriptor = openSync(file, "a+", 0o600);
  try {
    if (readFileSync(file, "utf8").split(/\r?\n/).includes(line)) return;
    const text = `${endsMidLine(descriptor) ? "\n" : ""}${line}\n`;
    writeSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}

function endsMidLine(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(descriptor, last, 0, 1, size - 1);
  return last.toString() !== "\n";
}
