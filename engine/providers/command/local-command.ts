import { spawn } from "node:child_process";
import type { ExecResult } from "../../../ssh/exec";
import type { Props, StepContext } from "../provider";
import { localCommandInputs } from "./inputs";
import { commandResource } from "./lifecycle";
import type { CommandOutputs, CommandResource } from "./lifecycle";
import { concluded, OutputFollower } from "./output";
import { previousOutputVariables } from "./previous-output";

/** A cancelled command has this long to end by itself. */
const GRACE_MILLISECONDS = 5_000;
const SHELL = "/bin/sh";

/** command:local:Command: a command on this machine, in `folder`. */
export function localCommand(folder: string): CommandResource {
  return commandResource(localCommandInputs, async (command, inputs, previous, ctx) => {
    ctx.signal.throwIfAborted();
    const follower = new OutputFollower(inputs, ctx);
    const result = await execute(command, folder, inputs, previous, follower, ctx);
    return concluded("on this machine", result, follower);
  });
}

function execute(
  command: string,
  folder: string,
  inputs: Props,
  previous: CommandOutputs,
  follower: OutputFollower,
  ctx: StepContext,
): Promise<ExecResult> {
  return new Promise((done, reject) => {
    const child = spawn(SHELL, ["-c", command], {
      cwd: folder,
      env: { ...process.env, ...previousOutputVariables(inputs, previous, ctx) },
      // The command gets its own process group: its child processes end with it, and Ctrl-C reaches only this process.
      detached: true,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => {
      stdout.push(chunk);
      follower.onStdout(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr.push(chunk);
      follower.onStderr(chunk);
    });
    child.stdin.on("error", () => undefined); // it ended without reading its input
    child.stdin.end(typeof inputs["stdin"] === "string" ? inputs["stdin"] : undefined);

    let killer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      signalGroup(child.pid, "SIGTERM");
      killer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), GRACE_MILLISECONDS);
    };
    ctx.signal.addEventListener("abort", onAbort);
    const settle = (): void => {
      ctx.signal.removeEventListener("abort", onAbort);
      clearTimeout(killer);
    };
    child.on("error", (error: NodeJS.ErrnoException) => {
      settle();
      // The error's own text would contain the command.
      reject(
        new Error(
          `on this machine: ${SHELL} could not be started in ${folder} (${error.code ?? "unknown"})`,
        ),
      );
    });
    child.on("close", (code, signal) => {
      settle();
      if (ctx.signal.aborted) reject(ctx.signal.reason as Error);
      else
        done({
          code: code ?? undefined,
          ...(signal === null ? {} : { signal }),
          stdout: Buffer.concat(stdout),
          stderr: Buffer.concat(stderr),
        });
    });
  });
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // gone already
  }
}
