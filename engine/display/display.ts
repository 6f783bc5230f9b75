/** Shows a run to the user: one line for each host and step, then the outputs and a summary. */
import type { RunResult } from "../operation";
import type { Redactor } from "../secrets/redact";
import type { EngineEvent, Op, Step } from "../steps/events";
import { isStack, urnName } from "../steps/urn";
import { deepEquals, hasUnknown, type PropertyMap } from "../values/property";
import { LABELS, Paint } from "./labels";
import { messageLines, type MessageLine } from "./message-lines";
import { Family, opOf, type StepWords } from "./rows";
import { renderBrief, renderChanges, renderMap, renderShort } from "./values";

export interface DisplayOptions {
  preview: boolean;
  /** Show every changed property with its values, and whole diffs. */
  diff: boolean;
  /** Show the stack's outputs at the end. @default true */
  outputs?: boolean;
  /** `always`, `never`, or automatic: colour if `out` is a terminal. */
  color?: string;
  /** Display names for component types. */
  words?: StepWords;
  /** Messages that an earlier phase of the same command showed: they are not shown again. @default none */
  alreadyShown?: ReadonlySet<string>;
  redactor: Redactor;
  out: { write(text: string): unknown; isTTY?: boolean; rows?: number; columns?: number };
  /** Where progress of the run as a whole goes: the program's ephemeral messages. @default out */
  err?: { write(text: string): unknown };
}

interface Message {
  severity: string;
  text: string;
}

/** One line of the display, with its details. */
interface Row {
  /** The operation on the component itself. */
  own?: Op;
  /** Each URN with its operation, pending or done. */
  readonly steps: Map<string, { op: Op; step: Step }>;
  readonly running: Set<string>;
  since: number;
  /** The duration of its last step. */
  seconds: number;
  messages: Message[];
  /** The program has registered the component's outputs: no more steps follow. */
  complete: boolean;
  shown: boolean;
}

const HIDDEN_IN_PREVIEW: ReadonlySet<Op> = new Set([
  "create-replacement",
  "delete-replaced",
  "discard-replaced",
]);

export class Display {
  protected readonly paint: Paint;
  /** Every message that was shown, for the next phase. */
  readonly said = new Set<string>();
  protected readonly family: Family;
  protected readonly rows = new Map<string, Row>();
  /** URNs that are only read, before the work begins. */
  private readonly looking = new Set<string>();
  /** Each block of lines below a row, with the row's name: identical hosts need the same lines. */
  private readonly blocks = new Map<string, string>();

  constructor(protected readonly options: DisplayOptions) {
    this.paint = Paint.for(options.out, options.color);
    this.family = new Family(options.words);
  }

  readonly sink = (event: EngineEvent): void => {
    if (event.kind !== "message") {
      this.family.learn(event.step);
      if (!event.step.internal && !isStack(event.step.urn)) this.step(event);
    } else if (event.severity !== "debug") this.message(event);
  };

  /** Call it when the run is over. */
  finish(result: RunResult): void {
    const { preview, diff } = this.options;
    this.flush();
    for (const line of [
      ...(this.options.outputs === false ? [] : outputLines(result, preview, diff)),
      this.summary(result),
      "",
    ]) {
      this.line(line);
    }
  }

  /** Shows the messages that wait for their row; also used when a run ends early. */
  flush(): void {
    for (const [urn, row] of this.rows) {
      if (row.shown) continue;
      if (row.steps.size > 0) this.showRow(urn, row);
      else if (row.messages.length > 0) this.showNote(urn, row);
    }
  }

  /** The details of a preview that was shown in brief: every changed property with its values, and whole diffs. */
  details(): void {
    for (const [urn, row] of this.rows) {
      if (row.steps.size > 0) this.showRow(urn, row, true);
      else if (row.messages.length > 0) this.showNote(urn, row, true);
    }
    this.line("");
  }

  protected line(text: string): void {
    this.options.out.write(`${this.options.redactor.redact(text)}\n`);
  }

  protected step(event: Exclude<EngineEvent, { kind: "message" }>): void {
    const { kind, step } = event;
    const { urn, op } = step;
    if (kind === "done") this.row(this.family.rowOf(urn)).seconds = event.seconds;
    if (kind === "begin") {
      if (op === "refresh" && !step.logical) this.looking.add(urn);
      else this.begun(step);
      return;
    }
    if (kind !== "outputs" && this.looking.delete(urn)) {
      if (kind === "failed") this.ended(step, true);
    } else this.ended(step, kind === "failed", kind === "outputs");
  }

  private begun(step: Step): void {
    const { urn, op } = step;
    if (this.options.preview && HIDDEN_IN_PREVIEW.has(op)) return;
    const key = this.family.rowOf(urn);
    const row = this.row(key);
    if (key === urn && this.family.isComponent(urn)) row.own = op;
    else if (op !== "same") {
      if (row.steps.size === 0) row.since = performance.now();
      row.steps.set(urn, { op, step });
      row.running.add(urn);
      if (this.options.diff && !this.options.preview && key !== urn)
        this.line(this.paint.op(op, this.memberHead(step, LABELS[op].running)));
    }
  }

  private ended(step: Step, failed: boolean, outputs = false): void {
    const { urn, op } = step;
    const key = this.family.rowOf(urn);
    const row = this.row(key);
    row.running.delete(urn);
    // The operation of a refresh is known only now, from its result.
    if (row.steps.has(urn)) {
      if (op === "same" && !failed) row.steps.delete(urn);
      else row.steps.set(urn, { op, step });
    }
    if (this.options.preview && !failed) return;
    // A destroy deletes the component itself last.
    const component = key !== urn || this.family.isComponent(key);
    row.complete ||= component ? outputs || (key === urn && op === "delete") : true;
    if (failed) this.showFailed(key, row, step);
    else if (row.complete && row.running.size === 0 && row.steps.size > 0 && !row.shown)
      this.showRow(key, row);
  }

  protected row(urn: string): Row {
    const found = this.rows.get(urn);
    if (found) return found;
    const row: Row = {
      steps: new Map(),
      running: new Set(),
      since: performance.now(),
      seconds: 0,
      messages: [],
      complete: false,
      shown: false,
    };
    this.rows.set(urn, row);
    return row;
  }

  protected opOf({ own, steps }: Row): Op {
    return opOf(
      own,
      [...steps.values()].map(({ op }) => op),
    );
  }

  private showRow(urn: string, row: Row, details = this.options.diff): void {
    row.shown = true;
    const op = this.opOf(row);
    const { plan, done } = LABELS[op];
    const alone = row.steps.get(urn);
    const seconds = alone ? row.seconds : (performance.now() - row.since) / 1000;
    const status = this.options.preview ? plan : `${done} (${seconds.toFixed(2)}s)`;
    const { reason, rest } = this.reasonOf(urn, row.messages);
    const brief = alone ? renderBrief(alone.step) : "";
    const head = [`${this.head(urn, op)} ${status}`, ...(brief === "" ? [] : [brief])].join(" ");
    const like = details ? undefined : this.shownBefore(urn, rest);
    const why = [reason, like === undefined ? "" : `the same lines as ${like}`].filter(Boolean);
    this.line(this.paint.op(op, head) + (why.length === 0 ? "" : `: ${why.join(", ")}`));
    if (like === undefined) this.block(rest, details);
    if (!details || !this.options.preview) return;
    for (const { step } of row.steps.values()) this.resourceDetails(step, step !== alone?.step);
  }

  /** The name of the first row that had exactly these lines below it, if there are several. */
  private shownBefore(urn: string, messages: readonly Message[]): string | undefined {
    const text = messages.map((message) => message.text.trimEnd()).join("\n");
    if (!text.includes("\n") || messages.some(({ severity }) => severity !== "info"))
      return undefined;
    const first = this.blocks.get(text);
    if (first === undefined) this.blocks.set(text, this.family.nameOf(urn));
    return first;
  }

  private showFailed(urn: string, row: Row, { op }: Step): void {
    row.shown = true;
    const status = this.paint.colour("red", `**${LABELS[op].running} failed**`);
    this.line(`${this.paint.op(op, this.head(urn, op))} ${status}`);
    this.block(row.messages.splice(0), this.options.diff);
  }

  protected head(urn: string, op: Op): string {
    return ` ${LABELS[op].sign} ${this.family.labelOf(urn)}`;
  }

  private showNote(urn: string, row: Row, details = this.options.diff): void {
    row.shown = true;
    const { reason, rest } = this.reasonOf(urn, row.messages);
    this.line(`    ${this.family.labelOf(urn)}${reason === "" ? "" : `: ${reason}`}`);
    this.block(rest, details);
  }

  /** If a message begins with the row's name, the rest of its first line goes into the row. */
  private reasonOf(urn: string, messages: Message[]): { reason: string; rest: Message[] } {
    const [first, ...others] = messages;
    const start = `${this.family.nameOf(urn)}: `;
    if (first === undefined || first.severity === "error" || !first.text.startsWith(start))
      return { reason: "", rest: messages };
    const [head = "", ...lines] = first.text.trimEnd().split("\n");
    const rest = lines.length === 0 ? [] : [{ severity: "info", text: lines.join("\n") }];
    // A heading of a diff explains the step, so it needs no prefix.
    const prefix = lines.length === 0 ? this.prefix(first.severity) : "";
    const reason = prefix + head.slice(start.length).replace(/:$/, "");
    return { reason, rest: [...rest, ...others] };
  }

  private block(messages: readonly Message[], full: boolean): void {
    for (const { severity, text } of messages) {
      messageLines(text, full).forEach((line, i) => {
        this.line(`      ${i === 0 ? this.prefix(severity) : ""}${this.painted(line)}`);
      });
    }
  }

  private painted({ kind, text }: MessageLine): string {
    if (kind === "added") return this.paint.colour("green", text);
    if (kind === "removed") return this.paint.colour("red", text);
    return kind === "file" ? this.paint.bold(text) : text;
  }

  /** The line of a component's member, by the member's own name. */
  private memberHead({ op, type, urn }: Step, status: string): string {
    return `      ${LABELS[op].sign} ${type} ${urnName(urn)} ${status}`;
  }

  /** A resource with its URN and its changed properties. `headed`: a component's row precedes it. */
  private resourceDetails(step: Step, headed: boolean): void {
    const { op, urn } = step;
    if (headed) {
      const brief = renderBrief(step);
      const head = this.memberHead(step, LABELS[op].plan);
      this.line(this.paint.op(op, `${head}${brief === "" ? "" : ` ${brief}`}`));
    }
    if (step.new?.id) this.line(`        [id=${step.new.id}]`);
    this.line(`        [urn=${urn}]`);
    if (op === "delete" || op === "delete-replaced") return;
    for (const line of renderChanges(step, this.paint, "      ")) this.line(line);
  }

  /**
   * A message about a row is shown with the row. Progress does not go into a log, except for a deletion: it has no
   * other message.
   */
  protected message({
    severity,
    text,
    urn = "",
    ephemeral,
  }: EngineEvent & { kind: "message" }): void {
    if (text.trim() === "") return;
    if (urn === "" || isStack(urn)) {
      if (!this.isNews("", text)) return;
      if (ephemeral) {
        const { err, out, redactor } = this.options;
        (err ?? out).write(`${redactor.redact(text.trimEnd())}\n`);
        return;
      }
      this.block([{ severity, text }], this.options.diff);
      return;
    }
    const key = this.family.rowOf(urn);
    const row = this.row(key);
    if (ephemeral && row.steps.get(urn)?.op !== "delete") return;
    if (!this.isNews(urn, text)) return;
    if (!row.shown) row.messages.push({ severity, text });
    else this.showNote(key, { ...row, messages: [{ severity, text }] });
  }

  private isNews(urn: string, text: string): boolean {
    const what = `${urn}\n${text.trim()}`;
    this.said.add(what);
    return this.options.alreadyShown?.has(what) !== true;
  }

  private prefix(severity: string): string {
    if (severity === "error") return this.paint.colour("red", "error: ");
    return severity === "warning" ? this.paint.colour("yellow", "warning: ") : "";
  }

  /**
   * The names of the rows: the rows of other hosts can follow an error's. The stack counts only if nothing else failed.
   */
  private errored(urns: readonly string[]): string {
    const failed = urns.filter((urn) => !isStack(urn));
    if (failed.length === 0) return `${urns.length} errored`;
    const rows = new Set(failed.map((urn) => this.family.labelOf(this.family.rowOf(urn))));
    const names = rows.size > 5 ? [...[...rows].slice(0, 4), `${rows.size - 4} more`] : [...rows];
    return `${failed.length} errored (${names.join(", ")})`;
  }

  /** The number of steps of each kind: `Resources: ~ 1 updated, 23 unchanged. Duration: 4s`. */
  private summary(result: RunResult): string {
    const { preview } = this.options;
    const counts = ORDER.flatMap((op) => {
      const count = result.changes[op] ?? 0;
      const text = `${LABELS[op].sign}${count} ${preview ? `to ${op}` : LABELS[op].done}`;
      return count > 0 ? [this.paint.op(op, text)] : [];
    });
    if (result.changes.same) counts.push(`${result.changes.same} unchanged`);
    if (result.errored.size > 0)
      counts.push(this.paint.colour("red", this.errored([...result.errored])));
    const took = preview ? "" : `. ${this.paint.bold("Duration:")} ${duration(result.seconds)}`;
    return `${this.paint.bold("Resources:")} ${counts.length === 0 ? "none" : counts.join(", ")}${took}`;
  }
}

/** All outputs after a run. In a preview, only the outputs that will change. */
function outputLines(
  { outputs, oldOutputs, outcome }: RunResult,
  preview: boolean,
  full: boolean,
): string[] {
  const same = (key: string): boolean => deepEquals(outputs[key] ?? null, oldOutputs[key] ?? null);
  if (preview) {
    if (outcome !== "succeeded") return [];
    const changed = Object.entries(outputs).filter(
      ([key, value]) => !same(key) && (full || !hasUnknown(value)),
    );
    const map: PropertyMap = Object.fromEntries(changed);
    return changed.length === 0 ? [] : ["Outputs:", ...renderMap(map, "    ")];
  }
  if (Object.keys(outputs).length === 0) return [];
  const lines = renderShort(outputs, (key) => !full && same(key), "    ");
  return ["Outputs:", ...lines];
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

/** Whole seconds, rounded up: `4s`, `1m5s`. */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole}s` : `${Math.floor(whole / 60)}m${whole % 60}s`;
}
