/** `--json` for a real run: the CLI's engine events, one per line, as they happen. */
import type { RunResult } from "../operation";
import type { ResourceState } from "../state/resource";
import type { EngineEvent, Step } from "../steps/events";
import { SECRET_SIGNATURE, SIGNATURE, isSecret, type PropertyValue } from "../values/property";
import { diagnostic, hide, type JsonOptions } from "./json";

export class EventStream {
  private sequence = 0;

  constructor(private readonly options: JsonOptions) {}

  readonly sink = (event: EngineEvent): void => {
    if (event.kind === "message") {
      const shown = diagnostic(event);
      if (shown) this.emit("diagnosticEvent", shown);
      return;
    }
    const { kind, step } = event;
    if (step.internal) return;
    const metadata = this.metadata(step);
    if (kind === "begin") this.emit("resourcePreEvent", { metadata });
    else if (kind === "failed") this.emit("resOpFailedEvent", { metadata, status: 0, steps: 1 });
    else if (kind === "outputs" || !this.outputsFollow(step)) {
      this.emit("resOutputsEvent", { metadata });
    }
  };

  finish(result: RunResult): void {
    this.emit("summaryEvent", {
      maybeCorrupt: false,
      durationSeconds: Math.ceil(result.seconds),
      resourceChanges: Object.fromEntries(Object.entries(result.changes).sort()),
      PolicyPacks: {},
      isPreview: false,
    });
    this.emit("cancelEvent", {});
  }

  /** The program registers a component's outputs after the component itself. */
  private outputsFollow({ op, new: now }: Step): boolean {
    return this.options.runsProgram && now?.custom === false && !op.startsWith("delete");
  }

  private emit(name: string, body: object): void {
    if (this.sequence === 0 && name !== "preludeEvent")
      this.emit("preludeEvent", { config: this.options.config });
    const timestamp = Math.floor(Date.now() / 1000);
    const line = { sequence: this.sequence++, timestamp, [name]: body };
    this.options.out.write(`${JSON.stringify(line)}\n`);
  }

  private metadata(step: Step): object {
    const { op, urn, type, old, new: now, keys = [], diffs = [], detailed, logical } = step;
    const detailedDiff =
      detailed &&
      Object.fromEntries(
        Object.entries(detailed).map(([path, diffKind]) => [path, { diffKind, inputDiff: false }]),
      );
    return {
      ...{ op, urn, type },
      old: old ? this.state(old) : null,
      new: now ? this.state(now) : null,
      ...(keys.length > 0 ? { keys } : {}),
      ...(diffs.length > 0 ? { diffs } : {}),
      detailedDiff: detailedDiff ?? null,
      ...(logical ? { logical } : {}),
      provider: (now ?? old)?.provider ?? "",
    };
  }

  private state(state: ResourceState): object {
    const { type, urn, custom, id = "", parent = "", provider = "", initErrors } = state;
    const { protect, taint, retainOnDelete } = state;
    const shown = (value: PropertyValue): PropertyValue =>
      hide(value, this.options.redactor, (v) =>
        isSecret(v) ? { [SIGNATURE]: SECRET_SIGNATURE, ciphertext: "[secret]" } : undefined,
      );
    return {
      ...{ type, urn },
      ...(custom ? { custom } : {}),
      ...(state.delete ? { delete: true } : {}),
      ...{ id, parent },
      ...(protect ? { protect } : {}),
      ...(taint ? { taint } : {}),
      ...(retainOnDelete ? { retainOnDelete } : {}),
      inputs: shown(state.inputs),
      outputs: shown(state.outputs),
      provider,
      ...(initErrors.length > 0 ? { initErrors: shown(initErrors) } : {}),
    };
  }
}
