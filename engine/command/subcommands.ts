/** Commands with subcommands: `npm run stack -- init dev`. */
import { Workspace } from "../stack";
import { chooseEngine, runPulumi, stackFileOf } from "./choose";
import { command } from "./exit";
import { helpText, parseFlags, UsageError, type Flags, type FlagSpec } from "./flags";

export interface Subcommand {
  /** Arguments, for the help. */
  usage: string;
  about: string;
  flags?: Record<string, FlagSpec>;
  /** How many arguments it takes. */
  args: { min: number; max: number };
  run(workspace: Workspace, args: string[], flags: Flags): Promise<void>;
}

const COMMON: Record<string, FlagSpec> = {
  stack: {
    kind: "value",
    short: "s",
    help: "The name of the stack to operate on; else the selected one",
  },
  engine: { kind: "value", help: "embedded, or pulumi: the Pulumi CLI" },
  cwd: { kind: "value", short: "C", help: "The folder of the project" },
  help: { kind: "switch", short: "h", help: "This text" },
};

/** `pulumiWords`: how the CLI names this command. */
export function dispatch(
  name: string,
  pulumiWords: string[],
  examples: string[],
  subcommands: Record<string, Subcommand>,
  argv: string[],
): Promise<void> {
  return command(async () => {
    const [word = "", ...rest] = argv;
    const subcommand = subcommands[word];
    if (!subcommand) {
      const lines = Object.entries(subcommands).map(
        ([key, s]) => `  ${`${key} ${s.usage}`.padEnd(28)} ${s.about}`,
      );
      const help = [
        `npm run ${name} -- COMMAND [FLAGS]`,
        "",
        ...lines,
        "",
        "Examples:",
        ...examples.map((e) => `  ${e}`),
        "",
      ];
      if (["", "--help", "-h"].includes(word)) return void process.stdout.write(help.join("\n"));
      throw new UsageError(`unknown command ${JSON.stringify(word)} for "${name}"`);
    }
    const specs = { ...subcommand.flags, ...COMMON };
    const { flags, rest: args } = parseFlags(rest, specs);
    if (flags["help"]) {
      const usage = `npm run ${name} -- ${word} ${subcommand.usage} [FLAGS]`;
      return void process.stdout.write(helpText(usage, subcommand.about, examples, specs));
    }
    const { min, max } = subcommand.args;
    if (args.length < min || args.length > max) {
      throw new UsageError(
        `accepts ${min === max ? min : `${min} to ${max}`} arg(s), received ${args.length}`,
      );
    }
    const folder = (flags["cwd"] as string | undefined) ?? process.cwd();
    const workspace = Workspace.open({ folder, stack: flags["stack"] as string | undefined });
    const url = workspace.backend.url;
    const file = await stackFileOf(workspace);
    const choice = chooseEngine(
      flags["engine"] as string | undefined,
      file,
      workspace.project.name,
      url,
    );
    if (choice.engine === "embedded") return subcommand.run(workspace, args, flags);
    const passed = rest.filter(
      (arg, i) => !/^--engine(=|$)/.test(arg) && rest[i - 1] !== "--engine",
    );
    process.exitCode = await runPulumi(choice.binary, [...pulumiWords, word, ...passed], url);
  });
}

/** Prints to stdout, and nothing else does: output pipes cleanly under `npm run -s`. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Columns padded to their widest cell. */
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
