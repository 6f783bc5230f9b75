/** On a terminal: finished steps scroll by, and below them stands what runs right now. */
import type { EngineEvent, Step } from "../steps/events";
import { Display, type DisplayOptions } from "./display";
import { LABELS } from "./labels";
import { urnName } from "../steps/urn";
import type { RunResult } from "../operation";

const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const CLEAR_LINE = "\r\x1b[2K";

interface Running {
  step: Step;
  since: number;
  note: string;
}

export class LiveDisplay extends Display {
  private readonly running = new Map<string, Running>();
  private drawn = 0;
  private frame = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(options: DisplayOptions) {
    super(options);
    this.timer = setInterval(() => this.redraw(), 120);
    this.timer.unref();
  }

  override finish(result: RunResult): void {
    clearInterval(this.timer);
    this.running.clear();
    this.erase();
    super.finish(result);
  }

  protected override line(text: string): void {
    this.erase();
    super.line(text);
    this.draw();
  }

  /** Writes something else on the terminal, above what runs. */
  aside(write: () => void): void {
    this.erase();
    write();
    this.draw();
  }

  protected override step(event: Exclude<EngineEvent, { kind: "message" }>): void {
    const { kind, step } = event;
    const shown = !this.options.preview && step.op !== "same" && kind !== "outputs";
    if (shown && kind === "begin" && !this.options.diff) {
      this.running.set(step.urn, { step, since: performance.now(), note: "" });
      return;
    }
    if (kind !== "begin") this.running.delete(step.urn);
    super.step(event);
  }

  /** Live progress stays live; what matters afterwards comes again with the diagnostics. */
  protected override message(event: EngineEvent & { kind: "message" }): void {
    const running = event.urn === undefined ? undefined : this.running.get(event.urn);
    if (running && event.severity !== "debug")
      running.note = this.options.redactor.redact(event.text.trim().split("\n").at(-1) ?? "");
    if (running && event.ephemeral) return;
    super.message(event);
  }

  private redraw(): void {
    this.frame += 1;
    this.erase();
    this.draw();
  }

  private erase(): void {
    if (this.drawn === 0) return;
    this.options.out.write(`${CLEAR_LINE}${`\x1b[1A${CLEAR_LINE}`.repeat(this.drawn)}`);
    this.drawn = 0;
  }

  private draw(): void {
    const { rows = 24, columns = 80 } = this.options.out;
    const limit = Math.max(1, rows - 3);
    const all = [...this.running.values()];
    const lines = all.slice(0, limit).map(({ step, since, note }) => {
      const seconds = Math.floor((performance.now() - since) / 1000);
      const spinner = FRAMES[this.frame % FRAMES.length] ?? "";
      const { sign, running } = LABELS[step.op];
      return `${spinner}${sign} ${step.type} ${urnName(step.urn)} ${running} (${seconds}s) ${note}`.slice(
        0,
        columns - 1,
      );
    });
    if (all.length > limit) lines.push(`  ... and ${all.length - limit} more`);
    if (lines.length > 0) this.options.out.write(`${lines.join("\n")}\n`);
    this.drawn = lines.length;
  }
}
