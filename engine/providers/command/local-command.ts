import { spawn } from "node:child_process";
import { platform } from "node:os";
import { resolve } from "node:path";
import type { Props, StepContext, Value } from "../provider";
import { checkSchema, isProps } from "../schema";
import { localCommandInputs } from "./inputs";
import { commandResource, refusal } from "./lifecycle";
import type { CommandOutputs, CommandResource } from "./lifecycle";
import { captured, commandFailed, OutputFollower } from "./output";
import { previousOutputVariables } from "./previous-output";

/** A command that is called off has this long to end by itself. */
const GRACE_MILLISECONDS = 5_000;

/** command:local:Command: a command on this machine, in `folder` unless it says otherwise. */
export function localCommand(folder: string): CommandResource {
  return commandResource(
    (news) => {
      const checked = checkSchema(localCommandInputs, news);
      for (const property of ["assetPaths", "archivePaths"]) {
        if (checked.inputs[property] === undefined) continue;
        checked.failures.push(refusal(property, "assets are not supported by the embedded engine"));
      }
      return checked;
    },
    (command, inputs, previous, ctx) =>
      run(command, { ...inputs, dir: resolve(folder, text(inputs["dir"]) ?? "") }, previous, ctx),
  );
}

async function run(
  command: string,
  inputs: Props,
  previous: CommandOutputs,
  ctx: StepContext,
): Promise<CommandOutputs> {
  ctx.signal.throwIfAborted();
  const follower = new OutputFollower(inputs, ctx);
  const result = await execute(command, inputs, previous, follower, ctx);
  const tail = follower.end();
  if (result.code !== 0) throw commandFailed("on this machine", result, tail);
  return { stdout: captured(result.stdout), stderr: captured(result.stderr) };
}

interface Finished {
  code: number | undefined;
  signal?: string;
  stdout: Buffer;
  stderr: Buffer;
}

function execute(
  command: string,
  inputs: Props,
  previous: CommandOutputs,
  follower: OutputFollower,
  ctx: StepContext,
): Promise<Finished> {
  const [program, ...args] = interpreter(inputs);
  const cwd = text(inputs["dir"]);
  const wanted = inputs["environment"];
  return new Promise((done, reject) => {
    const child = spawn(program, [...args, command], {
      cwd,
      env: {
        ...process.env,
        ...(isProps(wanted) ? (wanted as Record<string, string>) : {}),
        ...previousOutputVariables(inputs, previous, ctx),
      },
      // A group of its own, so that what the command started ends with it, and Ctrl-C reaches only us.
      detached: platform() !== "win32",
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
      // The error's own text would hold the command.
      reject(
        new Error(
          `on this machine: ${program} could not be started in ${cwd ?? "."} (${error.code ?? "unknown"})`,
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

function interpreter(inputs: Props): [string, ...string[]] {
  const given = inputs["interpreter"];
  if (Array.isArray(given) && given.length > 0) return given as [string, ...string[]];
  return platform() === "win32" ? ["cmd", "/C"] : ["/bin/sh", "-c"];
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(platform() === "win32" ? pid : -pid, signal);
  } catch {
    // gone already
  }
}

function text(value: Value | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
