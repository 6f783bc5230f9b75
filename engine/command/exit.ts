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

/** Runs a command: its errors go to stderr as `error: ...`, its exit code to the process. */
export async function command(work: () => Promise<void>): Promise<void> {
  outliveClosedPipes();
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
    if (error instanceof UsageError) process.stderr.write("See --help for what there is.\n");
  }
}

/** A reader that has seen enough closes the pipe (`| head -1`): the work goes on to its end, and nothing more is shown. */
function outliveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners("error").includes(ignoreClosedPipe)) stream.on("error", ignoreClosedPipe);
  }
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
