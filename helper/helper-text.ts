import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

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
let looking: string | undefined;

/**
 * The helper is one POSIX shell program. It consists of the parts in helper/shell, in the order of their names, and is
 * the same for all hosts and stacks.
 */
export function helperText(): string {
  whole ??= joined(readdirSync(FOLDER).filter((name) => name.endsWith(".sh")));
  return whole;
}

/**
 * A program that only observes and contains its own inputs. A shell that reads its program from stdin may read ahead,
 * so data after the program could be lost.
 */
export function observeText(wishes: readonly string[]): string {
  looking ??= joined(LOOKING);
  return [
    looking,
    "[ $# -eq 0 ] || shift",
    `observe "$@" <<'wishes'`,
    ...wishes,
    "wishes",
    "exit",
    "}",
    "",
  ].join("\n");
}

/**
 * Without the comments below the head, which are for readers of helper/shell. The text is in the state once for every
 * command that carries it, and goes to every host in every run.
 */
function joined(names: readonly string[]): string {
  const text = [...names]
    .sort()
    .map((name) => readFileSync(join(FOLDER, name), "utf8"))
    .join("\n");
  const head = text.indexOf("\nset -u\n");
  return text.slice(0, head) + text.slice(head).replace(/^[ \t]*#.*\n/gm, "");
}
