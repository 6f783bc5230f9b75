import { spawn } from "node:child_process";
import * as path from "node:path";
import { cancelCommand } from "../../../engine/command/cancel-command";
import { configCommand } from "../../../engine/command/config-command";
import { operate } from "../../../engine/command/operate";
import { stackCommand } from "../../../engine/command/stack-command";
import { stateCommand } from "../../../engine/command/state-command";
import type { TestProject } from "../project";

export const cli = path.join(__dirname, "../../../cli/run.mjs");

export interface Said {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The environment that a command needs, without a `pulumi` of this machine. */
export const environmentOf = ({ folder }: TestProject): NodeJS.ProcessEnv => ({
  PATH: [path.join(folder, "bin"), path.dirname(process.execPath)].join(path.delimiter),
  HOME: folder,
  PULUMI_CONFIG_PASSPHRASE: "pw",
});

/** Runs the npm script in a project's folder, without a terminal. An undefined variable is unset. */
export function npmRun(
  project: TestProject,
  args: string[],
  { env = {}, stdin = "" }: { env?: NodeJS.ProcessEnv; stdin?: string } = {},
): Promise<Said> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd: project.folder,
      env: { ...environmentOf(project), ...env },
      // A command that hangs has no exit code.
      timeout: 90_000,
      killSignal: "SIGKILL",
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
    child.stdin.end(stdin);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

const COMMANDS = {
  cancel: cancelCommand,
  config: configCommand,
  stack: stackCommand,
  state: stateCommand,
  up: (args: string[]) => operate("up", args),
};

/** Runs a command within this process, if it runs no program: a hundred times as fast. */
export async function said(
  project: TestProject,
  [script, ...args]: [script: keyof typeof COMMANDS, ...args: string[]],
  env: NodeJS.ProcessEnv = {},
): Promise<Said> {
  const { env: before } = process;
  let [stdout, stderr] = ["", ""];
  const spies = [
    jest
      .spyOn(process.stdout, "write")
      .mockImplementation((text) => ((stdout += String(text)), true)),
    jest
      .spyOn(process.stderr, "write")
      .mockImplementation((text) => ((stderr += String(text)), true)),
  ];
  process.env = { HOME: project.folder, PULUMI_CONFIG_PASSPHRASE: "pw", ...env };
  try {
    await COMMANDS[script]([...args, "--cwd", project.folder, "--non-interactive"]);
    return { code: Number(process.exitCode ?? 0), stdout, stderr };
  } finally {
    process.exitCode = 0;
    process.env = before;
    spies.forEach((spy) => spy.mockRestore());
  }
}
