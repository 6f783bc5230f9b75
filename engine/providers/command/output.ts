import type { ExecResult } from "../../../ssh/exec";
import type { Props, StepContext } from "../provider";
import type { CommandOutputs } from "./lifecycle";

/** Lines of live progress are cut at this length; the resource's outputs keep them whole. */
const LONGEST_LINE = 2_000;
/** The number of lines of a failed command's output that an error shows. */
const TAIL_LINES = 25;
const TAIL_BYTES = 8 * 1024;

/** Follows a command's output. Logs it line by line, as far as `logging` allows, and keeps its end for the error. */
export class OutputFollower {
  private readonly live: { stdout?: LineLog; stderr?: LineLog };
  private tail = Buffer.alloc(0);

  constructor(inputs: Props, ctx: StepContext) {
    const logging = inputs["logging"] ?? "stdoutAndStderr";
    const both = logging === "stdoutAndStderr";
    const log = (): LineLog => new LineLog((line) => ctx.log("info", line, true));
    this.live = {
      ...((both || logging === "stdout") && { stdout: log() }),
      ...((both || logging === "stderr") && { stderr: log() }),
    };
  }

  readonly onStdout = (chunk: Buffer): void => {
    this.live.stdout?.write(chunk);
    this.remember(chunk);
  };

  readonly onStderr = (chunk: Buffer): void => {
    this.live.stderr?.write(chunk);
    this.remember(chunk);
  };

  /** The last lines of stdout and stderr, in the order in which they came. Ends the live log. */
  end(): string {
    this.live.stdout?.end();
    this.live.stderr?.end();
    const lines = this.tail.toString("utf8").trimEnd().split("\n");
    return lines.slice(-TAIL_LINES).join("\n");
  }

  private remember(chunk: Buffer): void {
    this.tail = Buffer.concat([this.tail, chunk]).subarray(-TAIL_BYTES);
  }
}

/** Splits a stream of bytes into lines, as they arrive. */
class LineLog {
  private rest = Buffer.alloc(0);

  constructor(private readonly emit: (line: string) => void) {}

  write(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      this.line(Buffer.concat([this.rest, chunk.subarray(start, end)]));
      this.rest = Buffer.alloc(0);
      start = end + 1;
    }
    // Of an unfinished line, keeps only the part that will be shown.
    const room = Math.max(0, LONGEST_LINE + 1 - this.rest.length);
    this.rest = Buffer.concat([this.rest, chunk.subarray(start, start + room)]);
  }

  end(): void {
    if (this.rest.length > 0) this.line(this.rest);
    this.rest = Buffer.alloc(0);
  }

  private line(bytes: Buffer): void {
    const text = bytes.subarray(0, LONGEST_LINE).toString("utf8").replace(/\r$/, "");
    this.emit(bytes.length > LONGEST_LINE ? `${text} [line cut]` : text);
  }
}

/**
 * Output as the resource keeps it: without the newline at its end. For a failed command, throws with its exit and its
 * last output. The error leaves out the command: scripts contain secrets, and the resource's name identifies it.
 */
export function concluded(
  where: string,
  { code, signal, stdout, stderr }: ExecResult,
  follower: OutputFollower,
): CommandOutputs {
  const tail = follower.end();
  const captured = (output: Buffer): string => output.toString("utf8").replace(/\n$/, "");
  if (code === 0) return { stdout: captured(stdout), stderr: captured(stderr) };
  const how =
    signal !== undefined
      ? `was ended by ${signal}`
      : code !== undefined
        ? `exited with code ${code}`
        : "ended without an exit code";
  throw new Error(`${where}: the command ${how}${tail === "" ? ", without output" : `:\n${tail}`}`);
}
