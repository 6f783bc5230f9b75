import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { gzipSync as sameGzip } from "fflate";
import { packed } from "./packed";

const FOLDER = join(__dirname, "shell");

/** The parts of the helper that an observation needs. */
const LOOKING = [
  "00-start.sh",
  "20-text.sh",
  "25-ours.sh",
  "30-files.sh",
  "40-daemon.sh",
  "45-standing.sh",
  "85-containers.sh",
  "87-timer.sh",
  "90-observe.sh",
];

let whole: string | undefined;
let carried: string | undefined;
let looking: string | undefined;
const observing = new Map<string, string>();

/**
 * The helper is one POSIX shell program. It consists of the parts in helper/shell, in the order of their names, and is
 * the same for all hosts and stacks. This is how it is installed on a host.
 */
export function helperText(): string {
  whole ??= joined(readdirSync(FOLDER).filter((name) => name.endsWith(".sh")));
  return whole;
}

/**
 * The helper as commands get it on stdin. Node.js's own gzip differs from one build to another, so two operators would see
 * each other's text in the state as a change. This one does not.
 */
export function packedHelper(): string {
  carried ??= packed(helperText(), (text) =>
    sameGzip(new TextEncoder().encode(text), { level: 6, mtime: 0 }),
  );
  return carried;
}

/**
 * A program that only observes and contains its own inputs. A shell that reads its program from stdin may read ahead,
 * so data after the program could be lost.
 */
export function observeText(wishes: readonly string[]): string {
  looking ??= `${joined(LOOKING)}}\n`;
  const then = ["[ $# -eq 0 ] || shift", `observe "$@" <<'wishes'`, ...wishes, "wishes"];
  const text = observing.get(then.join("\n")) ?? packed(looking, gzipSync, then);
  observing.set(then.join("\n"), text); // Most nodes are asked the same.
  return text;
}

/**
 * Without the comments below the head, which are for readers of helper/shell. What is packed goes to every host
 * in every run.
 */
function joined(names: readonly string[]): string {
  const text = [...names]
    .sort()
    .map((name) => readFileSync(join(FOLDER, name), "utf8"))
    .join("\n");
  const head = text.indexOf("\nset -u\n");
  return text.slice(0, head) + text.slice(head).replace(/^[ \t]*#.*\n/gm, "");
}
