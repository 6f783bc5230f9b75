/** Runs commands that have subcommands: `npm run stack -- init dev`. */
import type { Workspace } from "../stack";
import { embeddedOrPulumi, EVERYWHERE } from "./choose";
import { command } from "./exit";
import { helpText, parseFlags, UsageError, type Flags, type FlagSpec } from "./flags";
import { refuseWhatNpmTook } from "./npm-flags";

export interface Subcommand {
  /** The arguments, as the help shows them. @default none */
  usage?: string;
  about: string;
  examples: readonly string[];
  flags?: Record<string, FlagSpec>;
  /** The number of arguments that it takes. @default none */
  args?: { min: number; max: number };
  /** True: the argument is a stack name, and `--stack` means the same. */
  namesStack?: true;
  run(workspace: Workspace, args: string[], flags: Flags): Promise<void>;
}

/** `fallback`: the subcommand that runs when none is given, as in the CLI. */
export function dispatch(
  name: string,
  subcommands: Record<string, Subcommand>,
  argv: string[],
  fallback = "",
): Promise<void> {
  return command(async () => {
    const at = wordAt(argv);
    const word = at < 0 ? fallback : (argv[at] ?? "");
    const given = argv.filter((_, i) => i !== at);
    if (at < 0 && (word === "" || /^(--help|-h)$/.test(argv[0] ?? "")))
      return void process.stdout.write(overview(name, subcommands));
    const subcommand = subcommands[word];
    if (!subcommand) throw new UsageError(`unknown command ${JSON.stringify(word)} for "${name}"`);
    await perform(word === fallback ? [name] : [name, word], subcommand, given, [name, word]);
  });
}

/** Runs a command with the chosen engine. `shown`: the command's name in the help. */
export async function perform(
  words: string[],
  subcommand: Subcommand,
  given: string[],
  shown = words,
): Promise<void> {
  const { about, args = { min: 0, max: 0 }, examples, usage = "" } = subcommand;
  const { min, max } = args;
  const specs = { ...subcommand.flags, ...EVERYWHERE };
  const { flags, rest } = parseFlags(given, specs);
  const [script = "", ...more] = shown;
  if (flags["help"]) {
    const line = ["npm run", script, "--", ...more, usage, "[FLAGS]"].join(" ");
    return void process.stdout.write(helpText(line, about, examples, specs));
  }
  refuseWhatNpmTook(script, { flags, rest: [...words.slice(1), ...rest] }, specs);
  if (rest.length < min || rest.length > max) {
    const many = min === max ? `${min}` : rest.length < min ? `at least ${min}` : `at most ${max}`;
    throw new UsageError(`accepts ${many} arg(s), received ${rest.length}`);
  }
  if (subcommand.namesStack && rest[0] !== undefined) {
    if (flags["stack"] !== undefined) {
      throw new UsageError("only one of --stack or argument stack name may be specified, not both");
    }
    flags["stack"] = rest[0];
  }
  const workspace = await embeddedOrPulumi(flags, [...words, ...given]);
  if (workspace) await subcommand.run(workspace, rest, flags);
}

/** The index of the subcommand's name: flags can come before it. */
function wordAt(argv: string[]): number {
  const takesValue = (arg: string): boolean =>
    Object.entries(EVERYWHERE).some(
      ([name, { kind, short }]) =>
        kind === "value" && (arg === `--${name}` || (short && arg === `-${short}`)),
    );
  return argv.findIndex((arg, i) => !arg.startsWith("-") && !takesValue(argv[i - 1] ?? ""));
}

function overview(name: string, subcommands: Record<string, Subcommand>): string {
  const entries = Object.entries(subcommands);
  const lines = entries.map(([key, s]) => `  ${`${key} ${s.usage ?? ""}`.padEnd(28)} ${s.about}`);
  const examples = entries.flatMap(([, s]) => s.examples.slice(0, 1).map((e) => `  ${e}`));
  const usage = `npm run ${name} -- COMMAND [FLAGS]`;
  return [usage, "", ...lines, "", "Examples:", ...examples, ""].join("\n");
}

/** Prints to stdout. All output goes through here, so that it pipes cleanly under `npm run -s`. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Pads each column to its widest cell. */
export function table(rows: string[][], indent = ""): string {
  const widths = (rows[0] ?? []).map((_, i) =>
    Math.max(...rows.map((row) => (row[i] ?? "").length)),
  );
  return rows
    .map(
      (row) =>
        indent +
        row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join("  ")
          .trimEnd(),
    )
    .join("\n");
}
