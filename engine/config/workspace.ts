/** The selected stack, stored where Pulumi stores it: ~/.pulumi/workspaces. */
import * as crypto from "node:crypto";
import * as os from "node:os";
import * as path from "node:path";
import { readIfThere } from "../../ssh/local-files";
import { writeAtomically } from "../state/files";
import type { Project } from "./project";

interface Settings {
  /** Older versions of the CLI had one selection for all backends. */
  stack?: string;
  /** Each backend with the full name of its selected stack. */
  stacks?: Record<string, string>;
}

function workspaceFile({ name, folder }: Project, env: NodeJS.ProcessEnv): string {
  const home = env["PULUMI_HOME"] ?? path.join(env["HOME"] ?? os.homedir(), ".pulumi");
  const hash = crypto.createHash("sha1").update(path.join(folder, "Pulumi.yaml")).digest("hex");
  return path.join(home, "workspaces", `${name}-${hash}-workspace.json`);
}

/** PULUMI_STACK, or the stack that `stack select` of either engine selected. */
export function selectedStack(
  project: Project,
  backendUrl: string,
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (env["PULUMI_STACK"]) return stackName(project, env["PULUMI_STACK"]);
  const settings = readSettings(workspaceFile(project, env));
  const selected = settings.stacks?.[backendUrl] ?? settings.stack;
  return selected ? stackName(project, selected) : undefined;
}

/** If `stack` is undefined, clears the selection. */
export async function selectStack(
  project: Project,
  backendUrl: string,
  stack: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const file = workspaceFile(project, env);
  const settings = readSettings(file);
  delete settings.stack;
  settings.stacks = { ...settings.stacks };
  if (stack === undefined) delete settings.stacks[backendUrl];
  else settings.stacks[backendUrl] = `organization/${project.name}/${stack}`;
  await writeAtomically(file, JSON.stringify(settings, null, 4));
}

function readSettings(file: string): Settings {
  return JSON.parse(readIfThere(file) ?? "{}") as Settings;
}

/** Parses `stack`, `organization/stack` or `organization/project/stack`. The file backend has one organization. */
export function stackName(project: Project, text: string): string {
  const [stack = "", named, organization = named] = text.split("/").reverse();
  if (organization !== undefined && organization !== "organization")
    throw new Error("organization name must be 'organization'");
  if (text.split("/").length > 2 && named !== project.name) {
    throw new Error(
      `provided project name ${JSON.stringify(named)} doesn't match Pulumi.yaml, whose name is ${JSON.stringify(project.name)}`,
    );
  }
  return stack;
}
