import type { Props, StepContext } from "../provider";
import type { CommandOutputs } from "./lifecycle";

/** A longer variable makes every process fail to start (E2BIG: 128 KiB on Linux, name included). */
const LONGEST_VALUE = 120 * 1024;

/**
 * PULUMI_COMMAND_STDOUT and _STDERR for the next run, as far as `addPreviousOutputInEnv` asks for them and the system
 * allows.
 */
export function previousOutputVariables(
  inputs: Props,
  previous: CommandOutputs,
  ctx: StepContext,
): Record<string, string> {
  if (inputs["addPreviousOutputInEnv"] === false) return {};
  const variables: Record<string, string> = {};
  for (const [name, value] of [
    ["PULUMI_COMMAND_STDOUT", previous.stdout],
    ["PULUMI_COMMAND_STDERR", previous.stderr],
  ] as const) {
    if (value === "") continue;
    if (Buffer.byteLength(value) > LONGEST_VALUE || value.includes("\0")) {
      ctx.log("debug", `${name} is left out: no environment can hold it`);
      continue;
    }
    variables[name] = value;
  }
  return variables;
}
