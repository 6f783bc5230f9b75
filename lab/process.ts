import { spawn } from "node:child_process";

export interface Result {
  /** Exit code. If a signal ended the process, it is 128 plus the signal's number, as in a shell. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Bytes for standard input. @default empty */
  stdin?: string | Buffer;
  /** The environment, instead of this process's own. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Called with each complete line from either stream. */
  onLine?: (line: string) => void;
}

const SIGNALS: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** Runs a program to its end and returns its output, with any exit code. Rejects if it cannot be started. */
export function run(program: string, args: string[], options: RunOptions = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: options.env, cwd: options.cwd });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    if (options.onLine) {
      byLine(child.stdout, options.onLine);
      byLine(child.stderr, options.onLine);
    }
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({
        code: code ?? 128 + (SIGNALS[signal ?? ""] ?? 0),
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
    // A program that ends without reading its input closes the pipe. Its exit code shows what happened.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin);
  });
}

/** Runs a program that must succeed, and returns its standard output. Rejects with its exit code and its output. */
export async function must(
  program: string,
  args: string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code === 0) return stdout;
  throw new Error(failure(`${program} ${args.join(" ")}`, { code, stdout, stderr }));
}

/** A failed command: the exit code, the command, and the last lines of its output. */
export function failure(command: string, { code, stdout, stderr }: Result): string {
  const said = (stderr.trim() || stdout.trim()).split("\n").slice(-20).join("\n");
  return `exit code ${code}: ${command}${said ? `\n${said}` : ""}`;
}

function byLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = "";
  stream.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(onLine);
  });
  stream.on("end", () => rest && onLine(rest));
}
