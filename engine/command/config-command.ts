/** `npm run config`: reads and writes the configuration of a stack in Pulumi.STACK.yaml. */
import * as fs from "node:fs";
import { fillDefaults, type ConfigValue } from "../config/project";
import { shownConfig } from "../config/shown";
import { MASKED, splitKey, type Opener } from "../config/stack-file";
import type { Workspace } from "../stack";
import type { Path } from "../values/path";
import { UsageError, type Flags } from "./flags";
import { dispatch, print, table, type Subcommand } from "./subcommands";

const PATH = {
  kind: "switch",
  help: "Treat KEY as a path to a property in a map or list",
} as const;
const JSON_FLAG = { kind: "switch", short: "j", help: "Emit output as JSON" } as const;

const SUBCOMMANDS: Record<string, Subcommand> = {
  set: {
    usage: "KEY [VALUE]",
    about: "Sets a value. Reads it from stdin if VALUE is not given",
    examples: [
      "npm run config -- set --path 'nodes[0].address' 10.0.0.11",
      "npm run config -- set --path --secret ssh.password < password.txt",
    ],
    flags: {
      path: PATH,
      secret: { kind: "switch", help: "Encrypt the value" },
      plaintext: { kind: "switch", help: "Store the value as plain text" },
    },
    args: { min: 1, max: 2 },
    run: set,
  },
  get: {
    usage: "KEY",
    about: "Prints a value, decrypted",
    examples: [
      "npm run -s config -- get --path 'nodes[0].address'",
      "npm run -s config -- get ssh --json",
    ],
    flags: { path: PATH, json: JSON_FLAG },
    args: { min: 1, max: 1 },
    run: get,
  },
  rm: {
    usage: "KEY",
    about: "Removes a value",
    examples: ["npm run config -- rm --path 'nodes[2]'"],
    flags: { path: PATH },
    args: { min: 1, max: 1 },
    async run(workspace, [text = ""], flags) {
      const file = await workspace.stackFile();
      const { key, path } = keyOf(workspace, text, flags);
      file.remove(key, path);
      await file.save();
    },
  },
  ls: {
    about: "Lists keys and values. This is the default command",
    examples: ["npm run config", "npm run -s config -- --json --show-secrets"],
    flags: {
      "show-secrets": { kind: "switch", help: "Show secrets in plain text" },
      json: JSON_FLAG,
    },
    run: list,
  },
};

export const configCommand = (args: string[]): Promise<void> =>
  dispatch("config", SUBCOMMANDS, args, "ls");

async function set(
  workspace: Workspace,
  [text = "", value]: string[],
  flags: Flags,
): Promise<void> {
  if (flags["secret"] && flags["plaintext"])
    throw new UsageError("--secret and --plaintext exclude each other");
  // Both branches refuse a stack that does not exist. The key of a secret needs the passphrase.
  const { file, crypter: secret } = flags["secret"]
    ? await workspace.load(true)
    : { file: await workspace.stackFile(), crypter: undefined };
  const { key, path } = keyOf(workspace, text, flags);
  const given = value ?? readStdin();
  try {
    file.set(key, flags["path"] && !secret ? typed(given) : given, secret, path);
  } catch (cause) {
    throw new Error(`could not set config: ${(cause as Error).message}`, { cause });
  }
  await file.save();
}

function keyOf(workspace: Workspace, text: string, flags: Flags): { key: string; path: Path } {
  try {
    return splitKey(workspace.project.name, text, flags["path"] === true);
  } catch (cause) {
    throw new Error(`invalid configuration key: ${(cause as Error).message}`, { cause });
  }
}

/** Under --path, `true` becomes a boolean and `8080` a number. Text with a leading zero or a letter stays text. */
function typed(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^(0|-?[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;
}

function readStdin(): string {
  if (process.stdin.isTTY)
    throw new UsageError("config value must be specified: as VALUE, or piped in on stdin");
  return fs.readFileSync(0, "utf8").replace(/\r?\n$/, "");
}

async function get(workspace: Workspace, [text = ""]: string[], flags: Flags): Promise<void> {
  const file = await workspace.stackFile();
  const { key, path } = keyOf(workspace, text, flags);
  const opener = async (): Promise<Opener> => (await workspace.load(true)).crypter;
  const found =
    (await file.find(key, path, opener)) ??
    (path.length === 0 ? defaults(workspace).get(key) : undefined);
  if (!found) {
    throw new Error(
      `configuration key '${text}' not found for stack '${await workspace.stackName()}'`,
    );
  }
  print(flags["json"] ? JSON.stringify(asJson(found, false), null, 2) : found.text);
}

function defaults(workspace: Workspace): Map<string, ConfigValue> {
  const values = new Map<string, ConfigValue>();
  fillDefaults(workspace.project, values);
  return values;
}

async function list(workspace: Workspace, _args: string[], flags: Flags): Promise<void> {
  const file = await workspace.stackFile();
  const blind = flags["show-secrets"] !== true;
  const open = blind || !file.hasSecrets() ? MASKED : (await workspace.load(true)).crypter;
  const rows = [...shownConfig(workspace.project, file, open)];
  if (flags["json"]) {
    const json = Object.fromEntries(rows.map(([key, value]) => [key, asJson(value, blind)]));
    return print(JSON.stringify(json, null, 2));
  }
  const own = `${workspace.project.name}:`;
  const short = (key: string): string => (key.startsWith(own) ? key.slice(own.length) : key);
  print(table([["KEY", "VALUE"], ...rows.map(([key, { text }]) => [short(key), text])]));
}

function asJson({ text, object, secret }: ConfigValue, blind: boolean): object {
  if (secret && blind) return { secret };
  return {
    value: text,
    ...(object ? { objectValue: JSON.parse(text) as object } : {}),
    secret,
  };
}
