/** `--json`: one document, in the shape of the CLI's `preview --json`. */
import type { RunResult } from "../operation";
import { resourceJson } from "../state/checkpoint";
import type { ResourceState } from "../state/resource";
import type { EngineEvent, Op, Step } from "../steps/events";
import { isStack } from "../steps/urn";
import { blind } from "../values/property";

const HIDDEN: ReadonlySet<Op> = new Set([
  "create-replacement",
  "delete-replaced",
  "discard-replaced",
]);

export class Digest {
  private readonly steps: Step[] = [];
  private readonly diagnostics: Record<string, string>[] = [];

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
        steps: this.steps.map(stepJson),
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

function stepJson(step: Step): object {
  const { op, urn, old, new: now, diffs, keys, detailed } = step;
  const provider = now?.provider ?? old?.provider;
  return {
    op,
    urn,
    ...(provider ? { provider } : {}),
    ...(old ? { oldState: stateJson(old) } : {}),
    ...(now ? { newState: stateJson(now) } : {}),
    ...(diffs && diffs.length > 0 ? { diffReasons: diffs } : {}),
    ...(keys && keys.length > 0 ? { replaceReasons: keys } : {}),
    detailedDiff: detailed
      ? Object.fromEntries(
          Object.entries(detailed).map(([path, kind]) => [path, { kind, inputDiff: false }]),
        )
      : null,
  };
}

function stateJson(state: ResourceState): object {
  return resourceJson(state, (value) => blind(value) as null);
}
