/** Detects flags without a `--`, as in `npm run up --stack dev`: npm takes them and puts them into the environment. */
import { shellWord } from "../display/shell";
import { UsageError, type Flags, type FlagSpec } from "./flags";

/** If npm has taken flags that `script` expects, throws UsageError with the command to type instead. */
export function refuseWhatNpmTook(
  script: string,
  { flags, rest }: { flags: Flags; rest: readonly string[] },
  specs: Record<string, FlagSpec>,
  env: NodeJS.ProcessEnv = process.env,
): void {
  if (env["npm_lifecycle_event"] !== script) return;
  const taken = Object.entries(specs).flatMap(([name, { kind }]) => {
    const value = env[`npm_config_${name.replaceAll("-", "_")}`] ?? "";
    // `color` is npm's own flag, and can be one of the user's settings.
    if (name === "color" || flags[name] !== undefined || ["", "false"].includes(value)) return [];
    return [{ name, value, takesValue: kind !== "switch" }];
  });
  if (taken.length === 0) return;
  const words = [...rest];
  const typed = taken.map(({ name, value, takesValue }) => {
    if (!takesValue) return `--${name}`;
    // npm takes the flag and leaves its value as an argument, unless they are joined by `=`. The order of several flags
    // is lost.
    if (value !== "true") return `--${name}=${shellWord(value)}`;
    const alone = taken.filter((other) => other.takesValue && other.value === "true").length === 1;
    return `--${name} ${alone && words.length > 0 ? shellWord(words.shift() ?? "") : name.toUpperCase()}`;
  });
  const names = taken.map(({ name }) => `--${name}`).join(", ");
  const line = ["npm run", script, "--", ...words.map(shellWord), ...typed].join(" ");
  throw new UsageError(`npm consumed ${names}; pass flags after two dashes: ${line}`);
}
