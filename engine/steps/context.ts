/** Creates the context of a step: everything that a provider gets beside the properties. */
import type { Severity, StepContext } from "../providers/provider";
import type { CustomTimeouts } from "../state/resource";

type Line = { kind: "message"; severity: Severity; text: string; urn: string; ephemeral: boolean };

/** `seconds`: the resource's own limit for `operation`; 0 means no limit. */
export function stepContext(
  urn: string,
  terminate: AbortSignal,
  sink: (line: Line) => void,
  operation: keyof CustomTimeouts = "create",
  seconds = 0,
): StepContext {
  const limit = seconds > 0 ? [timeoutSignal(operation, seconds)] : [];
  return {
    urn,
    signal: AbortSignal.any([terminate, ...limit]),
    log: (severity, text, ephemeral = false) =>
      sink({ kind: "message", severity, text, urn, ephemeral }),
    ...(seconds > 0 ? { timeoutSeconds: seconds } : {}),
  };
}

/** Aborts with an error that names the limit. Node's own error is only "aborted due to timeout". */
function timeoutSignal(operation: keyof CustomTimeouts, seconds: number): AbortSignal {
  const limit = new AbortController();
  const reason = new Error(
    `the ${operation} did not end within ${seconds} s, which is the resource's customTimeouts.${operation}, and was stopped; ` +
      "give it longer there, or see what keeps it",
  );
  after(seconds * 1000, () => limit.abort(reason));
  return limit.signal;
}

/** A timer of Node holds at most 24.8 days, and treats a longer time as zero. This one keeps no process alive. */
function after(milliseconds: number, act: () => void): void {
  const part = Math.min(milliseconds, 2 ** 31 - 1);
  const next = part < milliseconds ? () => after(milliseconds - part, act) : act;
  setTimeout(next, part).unref();
}
