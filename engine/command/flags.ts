/** Parses command lines as the Pulumi CLI does: `--flag value`, `--flag=value`, `-f`. */
import { parseArgs } from "node:util";

export interface FlagSpec {
  /** `switch` takes no value except `--flag=false`; `list` can be repeated. */
  kind: "switch" | "value" | "list";
  short?: string;
  help: string;
}

export type Flags = Record<string, string | boolean | string[] | undefined>;

export class UsageError extends Error {}

/** `--yes`, or the CLI's environment variable with the same meaning. */
export function confirmed(flags: Flags): boolean {
  return (
    flags["yes"] === true || /^(1|true)$/i.test(process.env["PULUMI_SKIP_CONFIRMATIONS"] ?? "")
  );
}

/** Throws UsageError for a flag that is not in `specs`. */
export function parseFlags(
  argv: readonly string[],
  specs: Record<string, FlagSpec>,
): { flags: Flags; rest: string[] } {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { kind, short }]) => {
      const type = kind === "switch" ? "boolean" : "string";
      return [name, { type, ...(short && { short }) } as const];
    }),
  );
  const args = spelledOut(argv, specs);
  const parsed = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  const flags: Flags = {};
  const rest: string[] = [];
  for (const token of parsed.tokens) {
    if (token.kind === "positional") rest.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName } = token;
    const arg = args[token.index] ?? "";
    const shown = rawName.startsWith("--")
      ? rawName
      : `'${rawName.slice(1)}' in -${arg.slice(arg.indexOf(rawName.slice(1), 1))}`;
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (!spec)
      throw new UsageError(`unknown ${rawName === shown ? "" : "shorthand "}flag: ${shown}`);
    const value = valueOf(name, spec, inlineOf(token), shown);
    flags[name] =
      spec.kind === "list"
        ? [...((flags[name] as string[] | undefined) ?? []), String(value)]
        : value;
  }
  return { flags, rest };
}

/** Rewrites `-y=F` as `--yes=F`: parseArgs would read three flags. */
function spelledOut(argv: readonly string[], specs: Record<string, FlagSpec>): string[] {
  const end = argv.indexOf("--");
  return argv.flatMap((arg, at) => {
    const [, others = "", letter, value] = /^-([^-=]*)([^-=])=(.*)$/s.exec(arg) ?? [];
    const [name, spec] = Object.entries(specs).find(([, { short }]) => short === letter) ?? [];
    if (letter === undefined || spec?.kind !== "switch" || (end >= 0 && at > end)) return [arg];
    return [...(others === "" ? [] : [`-${others}`]), `--${name}=${value}`];
  });
}

/** The value of a flag; `-s=dev` means `-s dev`. */
function inlineOf(token: { rawName: string; value?: unknown; inlineValue?: boolean | undefined }) {
  const value = typeof token.value === "string" ? token.value : undefined;
  return token.inlineValue && !token.rawName.startsWith("--") ? value?.replace(/^=/, "") : value;
}

function valueOf(
  name: string,
  { kind, short }: FlagSpec,
  value: string | undefined,
  shown: string,
): string | boolean {
  if (kind === "switch") {
    if (value === undefined || /^(1|t|true)$/i.test(value)) return true;
    if (/^(0|f|false)$/i.test(value)) return false;
    const names = `${short ? `-${short}, ` : ""}--${name}`;
    throw new UsageError(`invalid argument "${value}" for "${names}" flag: expected true or false`);
  }
  if (value === undefined) throw new UsageError(`flag needs an argument: ${shown}`);
  return value;
}

/** The help text: usage, description, examples, flags. */
export function helpText(
  usage: string,
  about: string,
  examples: readonly string[],
  specs: Record<string, FlagSpec>,
): string {
  const lines = Object.entries(specs).map(([name, { kind, short, help }]) => {
    const value = kind === "switch" ? "" : ` ${name.toUpperCase()}`;
    const names = `${short ? `-${short}, ` : "    "}--${name}${value}`;
    return `  ${names.padEnd(34)} ${help}`;
  });
  const shown = examples.map((example) => `  ${example}`);
  return [usage, "", about, "", "Examples:", ...shown, "", "Flags:", ...lines, ""].join("\n");
}
