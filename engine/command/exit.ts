/** Exit codes of the Pulumi CLI, and how errors become one. */
import { NoSuchStack } from "../stack";
import { UsageError } from "./flags";

export const EXIT = {
  ok: 0,
  error: 1,
  configuration: 2,
  noStack: 6,
  changes: 7,
  cancelled: 8,
} as const;

/** An error that was told already, or that has a code of its own. */
export class ExitError extends Error {
  constructor(
    readonly code: number,
    message = "",
  ) {
    super(message);
  }
}

/**
 * Runs a command: its errors go to stderr as `error: ...`, its exit code to the process. `shows`: what it writes on stdout
 * is only a display, and what it did counts also where that was lost.
 */
export async function command(work: () => Promise<void>, shows = false): Promise<void> {
  outliveOutput();
  try {
    await work();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (text !== "") process.stderr.write(`error: ${text}\n`);
    process.exitCode =
      error instanceof ExitError
        ? error.code
        : error instanceof NoSuchStack
          ? EXIT.noStack
          : EXIT.error;
    if (error instanceof UsageError)
      process.stderr.write("Run with --help to list commands and flags.\n");
  }
  // An error of the last write comes after it.
  await new Promise(setImmediate);
  if (lost && !shows) process.exitCode ||= EXIT.error;
}

/** What somebody wanted to have on stdout was not written: a full disk under `> file`. */
let lost = false;

/**
 * What cannot be written is lost, and the work goes on to its end: an engine that ends half-way leaves hosts half done and
 * the stack locked. A reader that has seen enough closes the pipe (`| head -1`), and that is nobody's mistake.
 */
function outliveOutput(): void {
  lost = false;
  const handlers = [
    [process.stdout, onStdoutError],
    [process.stderr, ignore],
  ] as const;
  for (const [stream, handler] of handlers)
    if (!stream.listeners("error").includes(handler)) stream.on("error", handler);
}

function onStdoutError(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE" || lost) return;
  lost = true;
  process.stderr.write(
    `warning: cannot write to stdout (${error.message}); the operation continues\n`,
  );
}

const ignore = (): void => undefined;
