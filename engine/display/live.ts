/** The display on a terminal: finished lines scroll by, and the running steps are drawn below them. */
import type { RunResult } from "../operation";
import type { EngineEvent } from "../steps/events";
import { Display, type DisplayOptions } from "./display";
import { LABELS } from "./labels";

const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const CLEAR_LINE = "\r\x1b[2K";

export class LiveDisplay extends Display {
  /** The URN of each row with the latest message of its running steps; "" has the messages without a row. */
  private readonly notes = new Map<string, string>();
  private readonly started = performance.now();
  private drawn = 0;
  private frame = 0;
  private over = false;
  private readonly timer: NodeJS.Timeout;

  constructor(options: DisplayOptions) {
    super(options);
    this.timer = setInterval(() => this.redraw(), 120);
    this.timer.unref();
    // Draws immediately, since the program takes a while to load.
    this.draw();
  }

  override finish(result: RunResult): void {
    this.end();
    super.finish(result);
  }

  /** Stops drawing below the lines. */
  end(): void {
    clearInterval(this.timer);
    this.erase();
    this.over = true;
  }

  protected override line(text: string): void {
    this.erase();
    super.line(text);
    this.draw();
  }

  /** Writes other output to the terminal, above the running steps. */
  aside(write: () => void): void {
    this.erase();
    write();
    this.draw();
  }

  /** Draws the last line of each message below the finished lines. */
  protected override message(event: EngineEvent & { kind: "message" }): void {
    const row = event.urn === undefined ? "" : this.family.rowOf(event.urn);
    const last = event.text.trim().split("\n").at(-1) ?? "";
    this.notes.set(row, this.options.redactor.redact(last));
    if (!event.ephemeral || row !== "") super.message(event);
    // The last line alone would say nothing of a table.
    else if (event.text.trim().includes("\n")) this.aside(() => super.message(event));
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
    if (this.over) return;
    // A terminal of unknown size reports 0 rows.
    const rows = this.options.out.rows || 24;
    const columns = this.options.out.columns || 80;
    const limit = Math.max(1, rows - 3);
    const spinner = FRAMES[this.frame % FRAMES.length] ?? "";
    const all = [...this.rows].filter(([, { running }]) => running.size > 0);
    const lines = all.slice(0, limit).map(([urn, row]) => {
      const { sign, running, plan } = LABELS[this.opOf(row)];
      const what = this.options.preview ? plan : running;
      const label = this.family.labelOf(urn);
      const note = this.notes.get(urn) ?? "";
      return `${spinner}${sign} ${label} ${what} (${secondsSince(row.since)}s) ${note}`;
    });
    if (all.length > limit) lines.push(`  ... and ${all.length - limit} more`);
    if (all.length === 0) {
      const note = this.notes.get("") ?? "";
      lines.push(`${spinner}  working (${secondsSince(this.started)}s) ${note}`);
    }
    this.options.out.write(lines.map((line) => `${line.slice(0, columns - 1)}\n`).join(""));
    this.drawn = lines.length;
  }
}

const secondsSince = (since: number): number => Math.floor((performance.now() - since) / 1000);
