/** `--json` of a preview: one document, in the CLI's format. */
import type { RunResult } from "../operation";
import type { Redactor } from "../secrets/redact";
import { resourceJson } from "../state/checkpoint";
import type { ResourceState } from "../state/resource";
import type { EngineEvent, Op, Step } from "../steps/events";
import { isStack } from "../steps/urn";
import { diagnostic, hide, type JsonOptions } from "./json";

const HIDDEN: ReadonlySet<Op> = new Set([
  "create-replacement",
  "delete-replaced",
  "discard-replaced",
]);

export class PreviewJson {
  private readonly steps: Step[] = [];
  private readonly diagnostics: object[] = [];

  constructor(private readonly options: JsonOptions) {}

  readonly sink = (event: EngineEvent): void => {
    if (event.kind === "message") {
      const { urn, prefix = "", message = "", severity, ephemeral } = diagnostic(event) ?? {};
      if (severity === undefined || ephemeral) return;
      this.diagnostics.push({ ...(urn ? { urn } : {}), message: prefix + message, severity });
    } else if (event.kind === "done" || event.kind === "failed") {
      const { step } = event;
      if (step.internal || HIDDEN.has(step.op) || (step.op === "same" && !isStack(step.urn)))
        return;
      this.steps.push(step);
    }
  };

  finish(result: RunResult): void {
    const { config, redactor, out } = this.options;
    const text = JSON.stringify(
      {
        ...(Object.keys(config).length > 0 ? { config } : {}),
        // Every secret of the run is known only at the end.
        steps: this.steps.map((step) => stepJson(step, redactor)),
        ...(this.diagnostics.length > 0 ? { diagnostics: this.diagnostics } : {}),
        // Nanoseconds, as in the CLI.
        duration: Math.round(result.seconds * 1e9),
        changeSummary: result.changes,
      },
      null,
      4,
    );
    out.write(`${text}\n`);
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

function stateJson(state: ResourceState, redactor: Redactor): object {
  const initErrors = hide(state.initErrors, redactor) as string[];
  return resourceJson({ ...state, initErrors }, (value) => hide(value, redactor) as null);
}
