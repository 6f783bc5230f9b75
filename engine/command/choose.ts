/** Chooses the engine: the embedded one, or the Pulumi CLI. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { StackFile } from "../config/stack-file";
import { loadProject } from "../config/project";
import { Workspace } from "../stack";
import { UsageError, type Flags, type FlagSpec } from "./flags";
import { askHidden, isInteractive } from "./prompt";

/** Flags that every command takes. */
export const EVERYWHERE: Record<string, FlagSpec> = {
  stack: {
    kind: "value",
    short: "s",
    help: "The name of the stack to operate on. Defaults to the selected stack",
  },
  engine: { kind: "value", help: "The engine that runs the command: embedded or pulumi" },
  cwd: { kind: "value", short: "C", help: "Run as if started in this directory" },
  "non-interactive": { kind: "switch", help: "Disable all prompts" },
  help: { kind: "switch", short: "h", help: "Print this text" },
};

/**
 * The path of the CLI; undefined means the embedded engine. `--engine` decides, then the stack's setting, then whether
 * the CLI is installed.
 */
function chooseEngine(
  asked: string | undefined,
  stackFile: StackFile | undefined,
  project: string,
  backendUrl: string,
): string | undefined {
  const setting = asked ?? stackFile?.plain(`${project}:engine`);
  const binary = findOnPath("pulumi");
  if (setting === undefined) {
    return backendUrl.startsWith("file://") && !binary ? undefined : needed(binary);
  }
  if (setting === "embedded") return undefined;
  if (setting === "pulumi") return needed(binary);
  const where = asked === undefined ? `${project}:engine in ${stackFile?.file}` : "--engine";
  throw new UsageError(`${where} must be "embedded" or "pulumi", not ${JSON.stringify(setting)}`);
}

/**
 * Resolves to the embedded engine's workspace. If the CLI is chosen, runs `args` with it and resolves to undefined.
 * `print` writes a line that names the CLI before it runs.
 */
export async function embeddedOrPulumi(
  flags: Flags,
  args: string[],
  print: (text: string) => void = () => undefined,
): Promise<Workspace | undefined> {
  const { cwd, engine, stack } = flags as Record<string, string | undefined>;
  const project = loadProject(cwd ?? process.cwd());
  const url = process.env["PULUMI_BACKEND_URL"] ?? project.backendUrl ?? `file://${project.folder}`;
  const open = (): Workspace =>
    Workspace.open({
      folder: project.folder,
      stack,
      askPassphrase: isInteractive(flags) ? (question) => askHidden(question) : undefined,
    });
  // Other backends are opened only when the embedded engine runs: opening refuses backends that the CLI can use.
  const workspace = url.startsWith("file://") ? open() : undefined;
  const file = workspace && (await stackFileOf(workspace));
  const binary = chooseEngine(engine, file, project.name, url);
  if (binary === undefined) return workspace ?? open();
  print(`Engine: pulumi (${binary}), state in ${url}\n`);
  process.exitCode = await runPulumi(binary, withoutEngine(args), url);
  return undefined;
}

function withoutEngine(args: string[]): string[] {
  return args.filter((arg, i) => !/^--engine(=|$)/.test(arg) && args[i - 1] !== "--engine");
}

function needed(binary: string | undefined): string {
  if (binary) return binary;
  throw new UsageError(
    "this command needs the Pulumi CLI, but `pulumi` is not on PATH: install it, or use --engine embedded with a file:// backend",
  );
}

function findOnPath(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(path.delimiter)
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        fs.accessSync(file, fs.constants.X_OK);
        return fs.statSync(file).isFile();
      } catch {
        return false;
      }
    });
}

/** Runs the CLI with these arguments, --cwd among them, instead of the embedded engine. Resolves to its exit code. */
function runPulumi(binary: string, args: string[], backendUrl: string): Promise<number> {
  return new Promise((resolve, reject) => {
    // The terminal sends Ctrl-C to the CLI directly. A signal that only this process gets is passed on. The CLI reports
    // what it does about it. The handlers are installed before the CLI starts: a signal in between would end this
    // process and leave the CLI running.
    const passOn: Record<string, () => void> = { SIGINT: () => undefined };
    for (const signal of ["SIGTERM", "SIGHUP"] as const) passOn[signal] = () => child.kill(signal);
    for (const [signal, act] of Object.entries(passOn)) process.on(signal, act);
    const child = spawn(binary, args, {
      stdio: "inherit",
      env: { ...process.env, PULUMI_BACKEND_URL: backendUrl },
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      for (const [name, act] of Object.entries(passOn)) process.removeListener(name, act);
      resolve(code ?? 128 + (signal ? os.constants.signals[signal] : 0));
    });
  });
}

/** The stack's file, for its engine setting. Undefined if no stack is named or selected yet. */
async function stackFileOf(workspace: Workspace): Promise<StackFile | undefined> {
  const name = await workspace.stackName().catch(() => undefined);
  return name === undefined ? undefined : StackFile.load(workspace.project.configFolder, name);
}
