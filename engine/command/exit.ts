/** The Pulumi CLI's exit codes, and the code of each error. */
import { NoSuchStack } from "../stack";
import { UsageError } from "./flags";

export const EXIT = {
  ok: 0,
  error: 1,
  configuration: 2,
  noStack: 6,
  changes: 7,
  cancelled: 8,
  /** Not a code of the CLI: what was to be done is done, but for a part that the program left out. */
  partly: 10,
} as const;

/** An error that was already reported, or that has its own exit code. */
export class ExitError extends Error {
  constructor(
    readonly code: number,
    message = "",
  ) {
    super(message);
  }
}

/**
 * Runs a command. Errors go to stderr as `error: ...`, and the exit code goes to the process. `shows` is true if stdout
 * is only a display: the command then succeeds even if its output was lost.
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
  // An error of the last write arrives after the write.
  await new Promise(setImmediate);
  if (lost && !shows) process.exitCode ||= EXIT.error;
}

/** True if requested output could not be written to stdout, for example because `> file` filled the disk. */
let lost = false;

/**
 * Ignores output errors, so that the work goes on to its end. An engine that ends half-way leaves hosts half changed
 * and the stack locked. A reader that closes the pipe early (`
 * head -1`) is not an error.
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
