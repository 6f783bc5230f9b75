/** Command lines as the Pulumi CLI reads them: `--flag value`, `--flag=value`, `-f`. */

export interface FlagSpec {
  /** `switch` takes no value; `optional` takes one only as `--flag=value`; `list` may come again. */
  kind: "switch" | "value" | "list" | "optional";
  short?: string;
  help: string;
}

export type Flags = Record<string, string | boolean | string[] | undefined>;

export class UsageError extends Error {}

/** `--yes`, or the CLI's variable that stands for it everywhere. */
export function confirmed(flags: Flags): boolean {
  return (
    flags["yes"] === true || /^(1|true)$/i.test(process.env["PULUMI_SKIP_CONFIRMATIONS"] ?? "")
  );
}

/** Throws UsageError for what is not in `specs`. */
export function parseFlags(
  args: readonly string[],
  specs: Record<string, FlagSpec>,
): { flags: Flags; rest: string[] } {
  const flags: Flags = {};
  const rest: string[] = [];
  const queue = [...args];
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (arg === "--") return { flags, rest: [...rest, ...queue] };
    if (!arg.startsWith("-") || arg === "-") {
      rest.push(arg);
      continue;
    }
    for (const [name, value] of arg.startsWith("--")
      ? [longFlag(arg, specs, queue)]
      : shortFlags(arg, specs, queue)) {
      flags[name] =
        specs[name]?.kind === "list"
          ? [...((flags[name] as string[] | undefined) ?? []), String(value)]
          : value;
    }
  }
  return { flags, rest };
}

type Given = [name: string, value: string | boolean];

function longFlag(arg: string, specs: Record<string, FlagSpec>, queue: string[]): Given {
  const [, name = "", inline] = /^--([^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
  const spec = specs[name];
  if (!spec) throw new UsageError(`unknown flag: --${name}`);
  return [name, valueOf(name, spec, inline, () => queue.shift(), `--${name}`)];
}

/** `-yf` is `-y -f`; what follows a letter that takes a value is its value: `-sdev`. */
function shortFlags(arg: string, specs: Record<string, FlagSpec>, queue: string[]): Given[] {
  const found: Given[] = [];
  for (let rest = arg.slice(1); rest !== "";) {
    const letters = rest;
    const [name, spec] = Object.entries(specs).find(([, { short }]) => short === rest[0]) ?? [];
    if (name === undefined || !spec)
      throw new UsageError(`unknown shorthand flag: '${rest[0]}' in -${letters}`);
    rest = rest.slice(1);
    const takesNone = spec.kind === "switch" || spec.kind === "optional";
    const inline = rest.startsWith("=")
      ? rest.slice(1)
      : takesNone || rest === ""
        ? undefined
        : rest;
    if (inline !== undefined) rest = "";
    found.push([
      name,
      valueOf(name, spec, inline, () => queue.shift(), `'${letters[0]}' in -${letters}`),
    ]);
  }
  return found;
}

function valueOf(
  name: string,
  { kind, short }: FlagSpec,
  inline: string | undefined,
  next: () => string | undefined,
  shown: string,
): string | boolean {
  if (kind === "switch") {
    if (inline === undefined || /^(1|t|true)$/i.test(inline)) return true;
    if (/^(0|f|false)$/i.test(inline)) return false;
    const names = `${short ? `-${short}, ` : ""}--${name}`;
    throw new UsageError(
      `invalid argument "${inline}" for "${names}" flag: expected true or false`,
    );
  }
  if (kind === "optional") return inline ?? "true";
  const value = inline ?? next();
  if (value === undefined) throw new UsageError(`flag needs an argument: ${shown}`);
  return value;
}

/** Usage, what it does, examples, flags. */
export function helpText(
  usage: string,
  about: string,
  examples: readonly string[],
  specs: Record<string, FlagSpec>,
): string {
  const lines = Object.entries(specs).map(([name, { kind, short, help }]) => {
    const value = kind === "switch" || kind === "optional" ? "" : ` ${name.toUpperCase()}`;
    const names = `${short ? `-${short}, ` : "    "}--${name}${value}`;
    return `  ${names.padEnd(34)} ${help}`;
  });
  const shown = examples.map((example) => `  ${example}`);
  return [usage, "", about, "", "Examples:", ...shown, "", "Flags:", ...lines, ""].join("\n");
}
