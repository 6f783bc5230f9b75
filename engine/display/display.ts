/** What a user sees of a run: a line for each thing that happens, then diagnostics, outputs and a summary. */
import type { RunResult } from "../operation";
import type { Redactor } from "../secrets/redact";
import type { EngineEvent, Op, Step } from "../steps/events";
import { urnName, urnType } from "../steps/urn";
import { deepEquals } from "../values/property";
import { LABELS, Paint } from "./labels";
import { renderBrief, renderChanges, renderMap } from "./values";

export interface DisplayOptions {
  preview: boolean;
  /** Every changed property with its values. */
  diff: boolean;
  /** The stack's outputs, in the end. @default true */
  outputs?: boolean;
  /** `always`, `never`, or by what `out` is. */
  color?: string;
  redactor: Redactor;
  out: { write(text: string): unknown; isTTY?: boolean; rows?: number; columns?: number };
}

interface Message {
  severity: string;
  text: string;
}

const HIDDEN_IN_PREVIEW: ReadonlySet<Op> = new Set([
  "create-replacement",
  "delete-replaced",
  "discard-replaced",
]);
const REFRESH_ROWS: ReadonlySet<Op> = new Set(["refresh"]);

export class Display {
  protected readonly paint: Paint;
  /** URN to what was said of it; "" for what concerns no resource. */
  private readonly messages = new Map<string, Message[]>();

  constructor(protected readonly options: DisplayOptions) {
    this.paint = Paint.for(options.out, options.color);
  }

  readonly sink = (event: EngineEvent): void => {
    if (event.kind === "message") this.message(event);
    else if (!event.step.internal) this.step(event);
  };

  /** To be called when the run is over. */
  finish(result: RunResult): void {
    const { preview } = this.options;
    for (const line of [
      ...this.diagnostics(),
      ...(this.options.outputs === false ? [] : outputLines(result, preview)),
      ...summaryLines(result, preview, this.paint),
      "",
    ]) {
      this.line(line);
    }
  }

  protected line(text: string): void {
    this.options.out.write(`${this.options.redactor.redact(text)}\n`);
  }

  protected step(event: Exclude<EngineEvent, { kind: "message" }>): void {
    const { kind, step } = event;
    if (kind === "outputs" || step.op === "same") return;
    if (this.options.preview && HIDDEN_IN_PREVIEW.has(step.op)) return;
    if (kind === "begin") this.begun(step);
    else if (kind === "failed")
      this.line(this.row(step, this.paint.colour("red", `**${LABELS[step.op].running} failed**`)));
    // A refresh is shown by what it found, and that is known in the end.
    else if (!this.options.preview || step.old?.urn !== undefined) this.ended(step, event.seconds);
  }

  private begun(step: Step): void {
    if (REFRESH_ROWS.has(step.op)) return;
    const { plan, running } = LABELS[step.op];
    this.line(this.row(step, this.options.preview ? plan : `${running} (0s)`));
    if (this.options.diff) this.details(step);
  }

  private ended(step: Step, seconds: number): void {
    if (this.options.preview) return;
    this.line(this.row(step, `${LABELS[step.op].done} (${seconds.toFixed(2)}s)`));
  }

  private details(step: Step): void {
    if (step.new?.id) this.line(`        [id=${step.new.id}]`);
    this.line(`        [urn=${step.urn}]`);
    if (step.op === "delete" || step.op === "delete-replaced") return;
    for (const line of renderChanges(step, this.paint, "      ")) this.line(line);
  }

  protected row(step: Step, status: string): string {
    const { op, type, urn } = step;
    const brief = renderBrief(step);
    const text = ` ${LABELS[op].sign} ${type} ${urnName(urn)} ${status}${brief === "" ? "" : ` ${brief}`}`;
    return this.paint.op(op, text);
  }

  protected message({
    severity,
    text,
    urn = "",
    ephemeral,
  }: EngineEvent & { kind: "message" }): void {
    if (severity === "debug") return;
    if (!ephemeral) this.messages.set(urn, [...(this.messages.get(urn) ?? []), { severity, text }]);
    const [first = ""] = text.trim().split("\n");
    if (first !== "")
      this.line(
        `    ${urn === "" ? "" : `${urnType(urn)} ${urnName(urn)} `}${this.prefix(severity)}${first}`,
      );
  }

  private prefix(severity: string): string {
    if (severity === "error") return this.paint.colour("red", "error: ");
    return severity === "warning" ? this.paint.colour("yellow", "warning: ") : "";
  }

  private diagnostics(): string[] {
    if (this.messages.size === 0) return [];
    const lines = [this.paint.bold("Diagnostics:")];
    for (const [urn, messages] of this.messages) {
      lines.push(urn === "" ? "  (the engine):" : `  ${urnType(urn)} (${urnName(urn)}):`);
      for (const { severity, text } of messages) {
        const [first = "", ...rest] = text.trimEnd().split("\n");
        lines.push(`    ${this.prefix(severity)}${first}`, ...rest.map((line) => `    ${line}`));
      }
      lines.push("");
    }
    return lines;
  }
}

function outputLines({ outputs, oldOutputs, outcome }: RunResult, preview: boolean): string[] {
  if (Object.keys(outputs).length === 0) return [];
  if (preview && (outcome !== "succeeded" || deepEquals(outputs, oldOutputs))) return [];
  return ["Outputs:", ...renderMap(outputs, "    "), ""];
}

const ORDER: readonly Op[] = [
  ...(["create", "update", "delete", "replace", "create-replacement", "delete-replaced"] as const),
  ...([
    "refresh",
    "discard",
    "discard-replaced",
    "remove-pending-replace",
    "import",
    "import-replacement",
  ] as const),
];

/** `Resources:` with a count of each kind of step, as Pulumi words it. */
function summaryLines(result: RunResult, preview: boolean, paint: Paint): string[] {
  const lines = [paint.bold("Resources:")];
  const counted = ORDER.flatMap((op) => {
    const count = result.changes[op] ?? 0;
    return count > 0 ? [{ op, count }] : [];
  });
  for (const { op, count } of counted) {
    lines.push(
      `    ${paint.op(op, `${LABELS[op].sign}${count} ${preview ? `to ${op}` : LABELS[op].done}`)}`,
    );
  }
  const pieces: string[] = [];
  if (counted.length >= 2)
    pieces.push(`${counted.reduce((sum, { count }) => sum + count, 0)} changes`);
  if (result.changes.same) pieces.push(`${result.changes.same} unchanged`);
  if (pieces.length > 0) lines.push(`    ${pieces.join(". ")}`);
  if (result.errored.size > 0)
    lines.push(paint.colour("red", `    ${result.errored.size} errored`));
  if (!preview) lines.push("", `${paint.bold("Duration:")} ${duration(result.seconds)}`);
  return lines;
}

/** Whole seconds, rounded up: `4s`, `1m5s`. */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole}s` : `${Math.floor(whole / 60)}m${whole % 60}s`;
}
