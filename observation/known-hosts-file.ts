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
 * Adds a line to a known_hosts file, which need not exist. A line that exists already is not added again. If the last
 * line has no newline, it gets one. There is one write at the end of the file, so that two processes that add lines at
 * once do not mix them.
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
