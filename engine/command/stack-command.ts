/** `npm run stack`: `pulumi stack` on the embedded engine's backend. */
import * as fs from "node:fs";
import { selectStack } from "../config/workspace";
import { ago } from "../display/ago";
import { shellWord } from "../display/shell";
import { NoSuchStack, type Stack, type Workspace } from "../stack";
import { openable, Writer } from "../state/checkpoint";
import { integrityError } from "../state/integrity";
import type { ResourceState } from "../state/resource";
import { STACK_TYPE, isDefaultProvider, urnName } from "../steps/urn";
import { blind, unwrap, type PropertyMap, type PropertyValue } from "../values/property";
import { EXIT, ExitError } from "./exit";
import { confirmed, UsageError, type Flags } from "./flags";
import { ask, isInteractive } from "./prompt";
import { dispatch, print, table, type Subcommand } from "./subcommands";

const JSON_FLAG = { kind: "switch", short: "j", help: "Emit output as JSON" } as const;
const SECRETS_FLAG = { kind: "switch", help: "Show secrets in plain text" } as const;
const FILE_FLAG = { kind: "value", help: "The file to use. Defaults to stdin or stdout" } as const;
const NAMED = { usage: "[NAME]", args: { min: 0, max: 1 }, namesStack: true } as const;

const SUBCOMMANDS: Record<string, Subcommand> = {
  show: {
    about: "Shows the stack's resources and outputs. This is the default command",
    examples: ["npm run stack", "npm run -s stack -- --show-urns --stack prod"],
    flags: {
      "show-urns": { kind: "switch", short: "u", help: "Show the URN of each resource" },
      "show-ids": { kind: "switch", short: "i", help: "Show the ID of each resource" },
      "show-name": { kind: "switch", help: "Show only the stack's name" },
      "show-secrets": SECRETS_FLAG,
    },
    run: show,
  },
  init: {
    ...NAMED,
    about: "Creates an empty stack and selects it",
    examples: ["npm run stack -- init prod", "npm run stack -- init organization/PROJECT/prod"],
    flags: {
      "no-select": { kind: "switch", help: "Do not select the new stack" },
      "secrets-provider": {
        kind: "value",
        help: "The secrets provider. Only passphrase is supported",
      },
    },
    run: init,
  },
  ls: {
    about: "Lists the stacks of this project",
    examples: ["npm run stack -- ls", "npm run -s stack -- ls --json"],
    flags: { json: JSON_FLAG },
    run: list,
  },
  select: {
    ...NAMED,
    about: "Selects the stack that commands operate on",
    examples: ["npm run stack -- select prod"],
    flags: {
      create: { kind: "switch", short: "c", help: "Create the stack if it does not exist" },
    },
    async run(workspace, _args, flags) {
      if (workspace.named === undefined)
        throw new NoSuchStack("no stack selected; specify a stack name with --stack");
      const { project, backend, named } = workspace;
      if (flags["create"] && !(await backend.read(project.name, named)))
        return init(workspace, _args, {});
      await workspace.read();
      await select(workspace, named);
    },
  },
  output: {
    usage: "[NAME]",
    about: "Shows the stack's outputs",
    examples: ["npm run -s stack -- output url", 'eval "$(npm run -s stack -- output --shell)"'],
    flags: {
      json: JSON_FLAG,
      shell: { kind: "switch", help: "Emit output as shell variable assignments" },
      "show-secrets": SECRETS_FLAG,
    },
    args: { min: 0, max: 1 },
    run: async (workspace, [name], flags) => {
      if (flags["json"] && flags["shell"])
        throw new UsageError("only one of --json and --shell may be set");
      output(await workspace.load(), name, flags);
    },
  },
  export: {
    about: "Exports the stack's state in the format of the Pulumi CLI",
    examples: ["npm run -s stack -- export > stack.json"],
    flags: { file: FILE_FLAG, "show-secrets": SECRETS_FLAG },
    run: exportState,
  },
  import: {
    about: "Imports a state that either engine exported",
    examples: ["npm run stack -- import --file stack.json"],
    flags: {
      file: FILE_FLAG,
      force: { kind: "switch", help: "Import the state even if it belongs to another stack" },
    },
    run: async (workspace, _args, flags) => importState(await workspace.load(), flags),
  },
  rm: {
    ...NAMED,
    about: "Removes an empty stack and its configuration",
    examples: ["npm run stack -- rm dev --yes", "npm run stack -- rm --stack dev --yes --force"],
    flags: {
      yes: { kind: "switch", short: "y", help: "Skip the confirmation prompt" },
      force: {
        kind: "switch",
        short: "f",
        help: "Remove the stack even if it still has resources",
      },
      "preserve-config": { kind: "switch", help: "Keep Pulumi.NAME.yaml" },
      "remove-backups": { kind: "switch", help: "Also remove the last state and its backups" },
    },
    run: remove,
  },
};

export const stackCommand = (args: string[]): Promise<void> =>
  dispatch("stack", SUBCOMMANDS, args, "show");

function select({ project, backend }: Workspace, name: string | undefined): Promise<void> {
  return selectStack(project, backend.url, name, process.env);
}

async function show(workspace: Workspace, _args: string[], flags: Flags): Promise<void> {
  const name = await workspace.stackName();
  if (flags["show-name"]) return print(name);
  const { time } = await workspace.read();
  const stack = await workspace.load();
  const { resources } = stack.state().snapshot;
  print(`Current stack is ${name}:`);
  if (time !== undefined) print(`    Last updated: ${ago(new Date(time))} (${time})`);
  print(`Current stack resources (${resources.length}):`);
  if (resources.length === 0) print("    No resources currently in this stack");
  else print(table([["TYPE", "NAME"], ...tree(resources, flags)], "    "));
  print("");
  output(stack, undefined, flags);
}

/** Each resource below its parent, with the lines that the flags ask for. */
function tree(resources: readonly ResourceState[], flags: Flags): string[][] {
  const rows = (parent: string, indent: string): string[][] => {
    const children = resources.filter(
      (r) => (r.parent ?? "") === parent && !isDefaultProvider(r.urn),
    );
    return children.flatMap((resource, i) => {
      const isLast = i === children.length - 1;
      const [branch, stem] = parent === "" ? ["", ""] : isLast ? ["└─ ", "   "] : ["├─ ", "│  "];
      const more = (label: string, text: string | undefined): string[][] =>
        text === undefined ? [] : [[`${indent}${stem}${label}: ${text}`, ""]];
      return [
        [`${indent}${branch}${resource.type}`, urnName(resource.urn)],
        ...(flags["show-urns"] ? more("URN", resource.urn) : []),
        ...(flags["show-ids"] ? more("ID", resource.id) : []),
        ...rows(resource.urn, indent + stem),
      ];
    });
  };
  return rows("", "");
}

async function init(workspace: Workspace, _args: string[], flags: Flags): Promise<void> {
  const { named } = workspace;
  if (named === undefined) throw new UsageError("missing stack name");
  const provider = flags["secrets-provider"] ?? "passphrase";
  if (provider !== "passphrase" && provider !== "default") {
    throw new UsageError(
      `the embedded engine has the secrets provider "passphrase" only, not ${JSON.stringify(provider)}`,
    );
  }
  await workspace.create(named);
  if (!flags["no-select"]) await select(workspace, named);
  process.stderr.write(`Created stack '${named}'\n`);
}

async function list(workspace: Workspace, _args: string[], flags: Flags): Promise<void> {
  const { project, backend } = workspace;
  const names = backend.stacks(project.name);
  const current = workspace.selected();
  const rows = await Promise.all(
    names.map(async (name) => {
      const { time, resourceCount = 0 } = (await backend.read(project.name, name)) ?? {};
      const lastUpdate = time === undefined ? undefined : new Date(time);
      return { name, current: name === current, lastUpdate, resourceCount };
    }),
  );
  if (flags["json"]) return print(JSON.stringify(rows, null, 2));
  const cells = rows.map((r) => [
    `${r.name}${r.current ? "*" : ""}`,
    r.lastUpdate ? ago(r.lastUpdate) : "n/a",
    String(r.resourceCount),
  ]);
  print(table([["NAME", "LAST UPDATE", "RESOURCE COUNT"], ...cells]));
}

function output(stack: Stack, name: string | undefined, flags: Flags): void {
  const root = stack.state().snapshot.resources.find((r) => r.type === STACK_TYPE);
  const outputs = root?.outputs ?? {};
  const open = (flags["show-secrets"] ? unwrap(outputs) : blind(outputs)) as PropertyMap;
  const plain = (value: PropertyValue): string =>
    typeof value === "string" ? value : JSON.stringify(value);
  const assignment = (key: string, value: PropertyValue): string =>
    `${key}=${shellWord(plain(value))}`;
  if (name !== undefined) {
    const value = open[name];
    if (value === undefined)
      throw new Error(`current stack does not have output property '${name}'`);
    if (flags["shell"]) return print(assignment(name, value));
    return print(flags["json"] ? JSON.stringify(value, null, 2) : plain(value));
  }
  if (flags["json"]) return print(JSON.stringify(open, null, 2));
  if (flags["shell"]) {
    for (const [key, value] of Object.entries(open)) print(assignment(key, value));
    return;
  }
  const rows = Object.entries(open).map(([key, v]) => [key, plain(v)]);
  print(`Current stack outputs (${rows.length}):`);
  print(
    rows.length === 0
      ? "    No output values currently in this stack"
      : table([["OUTPUT", "VALUE"], ...rows], "    "),
  );
}

/** Encrypted secrets stay encrypted, so no passphrase is needed. */
async function exportState(workspace: Workspace, _args: string[], flags: Flags): Promise<void> {
  let { deployment } = await workspace.read();
  if (flags["show-secrets"]) {
    const stack = await workspace.load();
    const writer = new Writer(stack.fullName, stack.crypter, true);
    deployment = JSON.parse(
      Buffer.concat(writer.deployment(stack.state().snapshot)).toString(),
    ) as object;
  }
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
      `resource '${foreign.urn}' does not belong to stack ${stack.fullName}; use --force to import it`,
    );
  }
  await stack.replaceState(snapshot);
  print("Import complete.");
}

async function remove(workspace: Workspace, _args: string[], flags: Flags): Promise<void> {
  const { project, backend } = workspace;
  const name = await workspace.stackName();
  await workspace.read();
  if (!confirmed(flags)) await confirmRemoval(name, flags);
  const selected = workspace.selected();
  const release = await backend.lock(project.name, name, `npm run cancel -- --stack ${name}`);
  try {
    // Counts the resources only now: until this moment another operation could have created some.
    const { resourceCount } = await workspace.read();
    if (resourceCount > 0 && !flags["force"]) throw stillHasResources(name);
    await backend.remove(project.name, name, flags["remove-backups"] === true);
    if (!flags["preserve-config"])
      fs.rmSync(`${project.configFolder}/Pulumi.${name}.yaml`, { force: true });
  } finally {
    await release();
  }
  if (selected === name) await select(workspace, undefined);
  print(`Stack '${name}' has been removed!`);
}

function stillHasResources(name: string): Error {
  return new Error(
    `'${name}' still has resources; removal rejected. Possible actions:\n` +
      `- Make sure that '${name}' is the stack that you want to destroy\n` +
      `- Run \`npm run destroy -- --stack ${name}\` to delete the resources, then run \`npm run stack -- rm ${name}\`\n` +
      `- Run \`npm run stack -- rm ${name} --force\` to override this error`,
  );
}

async function confirmRemoval(name: string, flags: Flags): Promise<void> {
  if (!isInteractive(flags)) throw new UsageError("non-interactive mode requires --yes flag");
  print(`This will permanently remove the '${name}' stack!`);
  const question = `Please confirm that this is what you'd like to do by typing \`${name}\`: `;
  if ((await ask(question)) !== name) throw new ExitError(EXIT.cancelled, "confirmation declined");
}
