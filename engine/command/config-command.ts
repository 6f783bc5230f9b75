/** `npm run config`: the configuration of a stack in Pulumi.STACK.yaml. */
import * as fs from "node:fs";
import { splitKey, StackFile } from "../config/stack-file";
import type { Workspace } from "../stack";
import { isMap, type PropertyValue } from "../values/property";
import { UsageError, type Flags } from "./flags";
import { dispatch, print, table, type Subcommand } from "./subcommands";

const EXAMPLES = [
  "npm run config -- set --path 'nodes[0].address' 10.0.0.11",
  "npm run config -- set --path --secret ssh.password < password.txt",
];
const PATH = { kind: "switch", help: "KEY is a path into an object or a list" } as const;
const JSON_FLAG = { kind: "switch", short: "j", help: "As JSON" } as const;

const SUBCOMMANDS: Record<string, Subcommand> = {
  set: {
    usage: "KEY [VALUE]",
    about: "Sets a value; without VALUE it is read from stdin",
    flags: {
      path: PATH,
      secret: { kind: "switch", help: "Store it encrypted" },
      plaintext: { kind: "switch", help: "Store it as it is" },
    },
    args: { min: 1, max: 2 },
    run: set,
  },
  get: {
    usage: "KEY",
    about: "Prints a value, decrypted",
    flags: { path: PATH, json: JSON_FLAG },
    args: { min: 1, max: 1 },
    run: get,
  },
  rm: {
    usage: "KEY",
    about: "Removes a value",
    flags: { path: PATH },
    args: { min: 1, max: 1 },
    async run(workspace, [text = ""], flags) {
      const file = await fileOf(workspace);
      const { key, path } = splitKey(workspace.project.name, text, flags["path"] === true);
      if (!file.remove(key, path)) throw new Error(`configuration key '${text}' not found`);
      await file.save();
    },
  },
  ls: {
    usage: "",
    about: "Lists keys and values",
    flags: {
      "show-secrets": { kind: "switch", help: "Show secrets in plain text" },
      json: JSON_FLAG,
    },
    args: { min: 0, max: 0 },
    run: list,
  },
};

export const configCommand = (args: string[]): Promise<void> =>
  dispatch("config", ["config"], EXAMPLES, SUBCOMMANDS, args);

async function fileOf(workspace: Workspace): Promise<StackFile> {
  return StackFile.load(workspace.project.configFolder, await workspace.stackName());
}

async function set(
  workspace: Workspace,
  [text = "", value]: string[],
  flags: Flags,
): Promise<void> {
  if (flags["secret"] && flags["plaintext"])
    throw new UsageError("--secret and --plaintext exclude each other");
  const given = value ?? readStdin();
  const isPath = flags["path"] === true;
  const { key, path } = splitKey(workspace.project.name, text, isPath);
  if (flags["secret"]) {
    const { file, crypter } = await workspace.load(true);
    file.set(key, given, crypter, path);
    return file.save();
  }
  const file = await fileOf(workspace);
  file.set(key, isPath ? typed(given) : given, undefined, path);
  await file.save();
}

/** Under --path, `true` and `8080` are what they look like; text that must stay text has a leading zero or a letter. */
function typed(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^(0|-?[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;
}

function readStdin(): string {
  if (process.stdin.isTTY)
    throw new UsageError("config value must be specified in non-interactive mode");
  return fs.readFileSync(0, "utf8").replace(/\r?\n$/, "");
}

async function get(workspace: Workspace, [text = ""]: string[], flags: Flags): Promise<void> {
  const stack = await workspace.load(true);
  const { key, path = [] } = splitKey(workspace.project.name, text, flags["path"] === true);
  const value = stack.config(false).get(key);
  let found: PropertyValue | undefined =
    value && (value.object ? (JSON.parse(value.text) as PropertyValue) : value.text);
  for (const part of path) {
    found = Array.isArray(found)
      ? found[Number(part)]
      : isMap(found)
        ? found[String(part)]
        : undefined;
  }
  if (found === undefined)
    throw new Error(`configuration key '${text}' not found for stack '${stack.name}'`);
  const shown = typeof found === "string" ? found : JSON.stringify(found);
  print(
    flags["json"]
      ? JSON.stringify({ value: shown, secret: value?.secret ?? false }, null, 2)
      : shown,
  );
}

async function list(workspace: Workspace, _args: string[], flags: Flags): Promise<void> {
  const stack = await workspace.load(true);
  const own = `${workspace.project.name}:`;
  const rows = [...stack.config(false)].map(([key, { text, secret }]) => ({
    key: key.startsWith(own) ? key.slice(own.length) : key,
    full: key,
    secret,
    value: secret && !flags["show-secrets"] ? "[secret]" : text,
  }));
  if (flags["json"]) {
    return print(
      JSON.stringify(
        Object.fromEntries(rows.map((r) => [r.full, { value: r.value, secret: r.secret }])),
        null,
        2,
      ),
    );
  }
  print(table([["KEY", "VALUE"], ...rows.map((r) => [r.key, r.value])]));
}
