/** Which engine runs: the embedded one, or the Pulumi CLI. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { StackFile } from "../config/stack-file";
import type { Workspace } from "../stack";
import { UsageError } from "./flags";

export type Choice = { engine: "embedded" } | { engine: "pulumi"; binary: string };

/** `--engine`, else the stack's own choice, else the CLI where there is one. Throws UsageError. */
export function chooseEngine(
  asked: string | undefined,
  stackFile: StackFile | undefined,
  project: string,
  backendUrl: string,
): Choice {
  const setting = asked ?? stackFile?.plain(`${project}:engine`);
  const binary = findOnPath("pulumi");
  if (setting === undefined) {
    return backendUrl.startsWith("file://") && !binary ? { engine: "embedded" } : pulumi(binary);
  }
  if (setting === "embedded") return { engine: "embedded" };
  if (setting === "pulumi") return pulumi(binary);
  const where = asked === undefined ? `${project}:engine in ${stackFile?.file}` : "--engine";
  throw new UsageError(`${where} must be "embedded" or "pulumi", not ${JSON.stringify(setting)}`);
}

function pulumi(binary: string | undefined): Choice {
  if (binary) return { engine: "pulumi", binary };
  throw new UsageError(
    "this needs the Pulumi CLI, and no `pulumi` is on PATH; install it, or use --engine embedded with a file:// backend",
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

/** Runs the CLI with these arguments, --cwd among them, in our place. Resolves to its exit code. */
export function runPulumi(binary: string, args: string[], backendUrl: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, {
      stdio: "inherit",
      env: { ...process.env, PULUMI_BACKEND_URL: backendUrl },
    });
    // Ctrl-C reaches it by itself; it says what happens then.
    const ignore = (): void => undefined;
    process.on("SIGINT", ignore);
    child.once("error", reject);
    child.once("close", (code) => {
      process.removeListener("SIGINT", ignore);
      resolve(code ?? 1);
    });
  });
}

/** The stack's file for its engine setting; none where no stack is named or selected yet. */
export async function stackFileOf(workspace: Workspace): Promise<StackFile | undefined> {
  const name = await workspace.stackName().catch(() => undefined);
  return name === undefined ? undefined : StackFile.load(workspace.project.configFolder, name);
}
