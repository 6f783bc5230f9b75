/** `--json`: one document, in the shape of the CLI's `preview --json`. */
import type { RunResult } from "../operation";
import type { Redactor } from "../secrets/redact";
import { resourceJson } from "../state/checkpoint";
import type { ResourceState } from "../state/resource";
import type { EngineEvent, Op, Step } from "../steps/events";
import { isStack } from "../steps/urn";
import { blind, transform, type PropertyValue } from "../values/property";

const HIDDEN: ReadonlySet<Op> = new Set([
  "create-replacement",
  "delete-replaced",
  "discard-replaced",
]);

export class Digest {
  private readonly steps: Step[] = [];
  private readonly diagnostics: Record<string, string>[] = [];

  constructor(private readonly redactor: Redactor) {}

  readonly sink = (event: EngineEvent): void => {
    if (event.kind === "message") {
      const { severity, text, urn, ephemeral } = event;
      if (ephemeral || severity === "debug") return;
      this.diagnostics.push({ ...(urn ? { urn } : {}), message: `${text}\n`, severity });
    } else if (event.kind === "done" || event.kind === "failed") {
      const { step } = event;
      if (step.internal || HIDDEN.has(step.op) || (step.op === "same" && !isStack(step.urn)))
        return;
      this.steps.push(step);
    }
  };

  render(result: RunResult): string {
    return JSON.stringify(
      {
        // Only now, when every secret of the run is known.
        steps: this.steps.map((step) => stepJson(step, this.redactor)),
        ...(this.diagnostics.length > 0 ? { diagnostics: this.diagnostics } : {}),
        // Nanoseconds, as there.
        duration: Math.round(result.seconds * 1e9),
        changeSummary: result.changes,
      },
      null,
      4,
    );
  }
}

function stepJson(step: Step, redactor: Redactor): object {
  const { op, urn, old, new: now, diffs, keys, detailed } = step;
  const provider = now?.provider ?? old?.provider;
  return {
    op,
    urn,
    ...(provider ? { provider } : {}),
    ...(old ? { oldState: stateJson(old, redactor) } : {}),
    ...(now ? { newState: stateJson(now, redactor) } : {}),
    ...(diffs && diffs.length > 0 ? { diffReasons: diffs } : {}),
    ...(keys && keys.length > 0 ? { replaceReasons: keys } : {}),
    detailedDiff: detailed
      ? Object.fromEntries(
          Object.entries(detailed).map(([path, kind]) => [path, { kind, inputDiff: false }]),
        )
      : null,
  };
}

/** What is not marked can still quote a secret, as the output of a command does. */
function stateJson(state: ResourceState, redactor: Redactor): object {
  const shown = (value: PropertyValue): PropertyValue =>
    transform(blind(value), (v) => (typeof v === "string" ? redactor.redact(v) : undefined));
  return resourceJson({ ...state, initErrors: shown(state.initErrors) as string[] }, (value) => {
    return shown(value) as null;
  });
}
