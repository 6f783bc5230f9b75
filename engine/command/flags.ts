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
    const [name, inline] = splitFlag(arg, specs);
    const spec = specs[name];
    if (!spec) {
      throw new UsageError(
        arg.startsWith("--")
          ? `unknown flag: --${name}`
          : `unknown shorthand flag: '${name}' in ${arg}`,
      );
    }
    const value = valueOf(name, arg, spec, inline, queue);
    flags[name] =
      spec.kind === "list"
        ? [...((flags[name] as string[] | undefined) ?? []), String(value)]
        : value;
  }
  return { flags, rest };
}

function splitFlag(
  arg: string,
  specs: Record<string, FlagSpec>,
): [name: string, inline: string | undefined] {
  const equals = arg.indexOf("=");
  const inline = equals < 0 ? undefined : arg.slice(equals + 1);
  const bare = equals < 0 ? arg : arg.slice(0, equals);
  if (bare.startsWith("--")) return [bare.slice(2), inline];
  const long = Object.entries(specs).find(([, spec]) => spec.short === bare.slice(1));
  return [long ? long[0] : bare.slice(1), inline];
}

function valueOf(
  name: string,
  arg: string,
  spec: FlagSpec,
  inline: string | undefined,
  queue: string[],
): string | boolean {
  if (spec.kind === "switch") {
    if (inline === undefined || inline === "true") return true;
    if (inline === "false") return false;
    throw new UsageError(
      `invalid argument "${inline}" for "--${name}" flag: expected true or false`,
    );
  }
  if (spec.kind === "optional") return inline ?? "true";
  const value = inline ?? queue.shift();
  if (value === undefined) throw new UsageError(`flag needs an argument: ${arg}`);
  return value;
}

/** Usage, what it does, examples, flags. */
export function helpText(
  usage: string,
  about: string,
  examples: string[],
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
