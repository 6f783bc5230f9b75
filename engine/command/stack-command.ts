/** `npm run stack`: what the CLI's `pulumi stack` does, on the embedded engine's backend. */
import * as fs from "node:fs";
import { selectStack } from "../config/workspace";
import type { Stack, Workspace } from "../stack";
import { openable, Writer } from "../state/checkpoint";
import { integrityError } from "../state/integrity";
import { STACK_TYPE } from "../steps/urn";
import { blind, unwrap, type PropertyMap } from "../values/property";
import { confirmed, UsageError, type Flags } from "./flags";
import { dispatch, print, table, type Subcommand } from "./subcommands";

const EXAMPLES = [
  "npm run stack -- init prod",
  "npm run -s stack -- output url",
  "npm run -s stack -- export > stack.json",
];
const JSON_FLAG = { kind: "switch", short: "j", help: "As JSON" } as const;
const SECRETS_FLAG = { kind: "switch", help: "Show secrets in plain text" } as const;
const FILE_FLAG = { kind: "value", help: "The file; else stdin or stdout" } as const;

const SUBCOMMANDS: Record<string, Subcommand> = {
  init: {
    usage: "NAME",
    about: "Makes an empty stack and selects it",
    args: { min: 1, max: 1 },
    async run(workspace, [name = ""]) {
      await workspace.create(name);
      await select(workspace, name);
      print(`Created stack '${name}'`);
    },
  },
  ls: {
    usage: "",
    about: "Lists the stacks of this project",
    flags: { json: JSON_FLAG },
    args: { min: 0, max: 0 },
    run: (workspace, _args, flags) => list(workspace, flags),
  },
  select: {
    usage: "NAME",
    about: "Makes it the stack that commands work on",
    args: { min: 1, max: 1 },
    async run(workspace, [name = ""]) {
      const { project, backend } = workspace;
      if (!(await backend.read(project.name, name)))
        throw new Error(`no stack named '${name}' found`);
      await select(workspace, name);
    },
  },
  output: {
    usage: "[NAME]",
    about: "Shows the stack's outputs",
    flags: { json: JSON_FLAG, "show-secrets": SECRETS_FLAG },
    args: { min: 0, max: 1 },
    run: async (workspace, [name], flags) => output(await workspace.load(), name, flags),
  },
  export: {
    usage: "",
    about: "Writes the stack's state as the CLI exports it",
    flags: { file: FILE_FLAG, "show-secrets": SECRETS_FLAG },
    args: { min: 0, max: 0 },
    run: async (workspace, _args, flags) => exportState(await workspace.load(), flags),
  },
  import: {
    usage: "",
    about: "Takes a state that was exported by either engine",
    flags: { file: FILE_FLAG, force: { kind: "switch", help: "Even if it is another stack's" } },
    args: { min: 0, max: 0 },
    run: async (workspace, _args, flags) => importState(await workspace.load(), flags),
  },
  rm: {
    usage: "NAME",
    about: "Removes an empty stack, its configuration too",
    flags: {
      yes: { kind: "switch", short: "y", help: "Without asking" },
      force: { kind: "switch", short: "f", help: "Even if it still has resources" },
      "preserve-config": { kind: "switch", help: "Keep Pulumi.NAME.yaml" },
    },
    args: { min: 1, max: 1 },
    run: remove,
  },
};

export const stackCommand = (args: string[]): Promise<void> =>
  dispatch("stack", ["stack"], EXAMPLES, SUBCOMMANDS, args);

function select({ project, backend }: Workspace, name: string | undefined): Promise<void> {
  return selectStack(project, backend.url, name, process.env);
}

async function list(workspace: Workspace, flags: Flags): Promise<void> {
  const { project, backend } = workspace;
  const names = await backend.stacks(project.name);
  const current = await workspace.stackName().catch(() => undefined);
  const rows = await Promise.all(
    names.map(async (name) => {
      const raw = await backend.read(project.name, name);
      return {
        name,
        current: name === current,
        resourceCount: raw?.resourceCount ?? 0,
        lastUpdate: raw?.time,
      };
    }),
  );
  if (flags["json"]) return print(JSON.stringify(rows, null, 2));
  const cells = rows.map((r) => [
    `${r.name}${r.current ? "*" : ""}`,
    r.lastUpdate ?? "n/a",
    String(r.resourceCount),
  ]);
  print(table([["NAME", "LAST UPDATE", "RESOURCE COUNT"], ...cells]));
}

function output(stack: Stack, name: string | undefined, flags: Flags): void {
  const root = stack.state().snapshot.resources.find((r) => r.type === STACK_TYPE);
  const outputs = root?.outputs ?? {};
  const open = (flags["show-secrets"] ? unwrap(outputs) : blind(outputs)) as PropertyMap;
  if (name !== undefined) {
    const value = open[name];
    if (value === undefined)
      throw new Error(`current stack does not have output property '${name}'`);
    return print(typeof value === "string" && !flags["json"] ? value : JSON.stringify(value));
  }
  if (flags["json"]) return print(JSON.stringify(open, null, 2));
  const rows = Object.entries(open).map(([key, v]) => [
    key,
    typeof v === "string" ? v : JSON.stringify(v),
  ]);
  print(`Current stack outputs (${rows.length}):`);
  print(
    rows.length === 0
      ? "    No output values currently in this stack"
      : table([["OUTPUT", "VALUE"], ...rows], "    "),
  );
}

function exportState(stack: Stack, flags: Flags): void {
  const writer = new Writer(stack.fullName, stack.crypter, flags["show-secrets"] === true);
  const deployment: unknown = JSON.parse(writer.deployment(stack.state().snapshot));
  const text = JSON.stringify({ version: 3, deployment }, null, 4);
  const file = flags["file"] as string | undefined;
  if (file === undefined) print(text);
  else fs.writeFileSync(file, `${text}\n`, { mode: 0o600 });
}

async function importState(stack: Stack, flags: Flags): Promise<void> {
  const file = (flags["file"] as string | undefined) ?? "/dev/stdin";
  const json = JSON.parse(fs.readFileSync(file, "utf8")) as {
    version?: number;
    deployment?: object;
  };
  if (json.version !== 3 || !json.deployment)
    throw new Error(`${file} is not an exported deployment of version 3`);
  const raw = openable(stack.fullName, json.deployment as never, file);
  const { snapshot } = raw.open(await stack.crypterFor(raw.salt));
  const broken = integrityError(snapshot.resources);
  if (broken) throw new Error(`${file} is not well-formed: ${broken}`);
  const prefix = `urn:pulumi:${stack.name}::${stack.project.name}::`;
  const foreign = snapshot.resources.find((r) => !r.urn.startsWith(prefix));
  if (foreign && !flags["force"]) {
    throw new Error(
      `resource '${foreign.urn}' is not of stack ${stack.fullName}; --force imports it nevertheless`,
    );
  }
  await stack.replaceState(snapshot);
  print("Import complete.");
}

async function remove(workspace: Workspace, [name = ""]: string[], flags: Flags): Promise<void> {
  const { project, backend } = workspace;
  const raw = await backend.read(project.name, name);
  if (!raw) throw new Error(`no stack named '${name}' found`);
  if (raw.resourceCount > 0 && !flags["force"]) {
    throw new Error(
      `'${name}' still has resources; removal rejected. Possible actions:\n- Make sure that '${name}' is the stack that you want to destroy\n- Run \`npm run destroy\` to delete the resources, then remove the stack\n- Run \`npm run stack -- rm ${name} --force\` to override this error`,
    );
  }
  if (!confirmed(flags)) throw new UsageError("--yes must be passed in to remove a stack");
  const release = await backend.lock(project.name, name, `npm run cancel -- --stack ${name}`);
  try {
    await backend.remove(project.name, name);
    if (!flags["preserve-config"])
      fs.rmSync(`${project.configFolder}/Pulumi.${name}.yaml`, { force: true });
  } finally {
    await release();
  }
  if ((await workspace.stackName().catch(() => undefined)) === name)
    await select(workspace, undefined);
  print(`Stack '${name}' has been removed!`);
}
