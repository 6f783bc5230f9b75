import { LiveDisplay } from "../../../engine/display/live";
import { Redactor } from "../../../engine/secrets/redact";
import type { EngineEvent, Step } from "../../../engine/steps/events";

/** A terminal that keeps each text that is written to it. */
class Terminal {
  readonly isTTY = true;
  readonly rows = 24;
  readonly columns = 80;
  written: string[] = [];
  write(text: string): void {
    this.written.push(text);
  }
  /** The text since the last call. */
  take(): string {
    return this.written.splice(0).join("");
  }
  /** The lines that a person sees, after all erasures. */
  static shown(text: string): string[] {
    const lines = [""];
    for (const part of text.split(/(\r\x1b\[2K|\x1b\[1A|\n)/)) {
      if (part === "\n") lines.push("");
      else if (part === "\x1b[1A") lines.pop();
      else if (part === "\r\x1b[2K") lines[lines.length - 1] = "";
      else lines[lines.length - 1] += part;
    }
    // Without the colours.
    return lines.map((line) => line.replace(/\x1b\[\d+m/g, ""));
  }
}

const step = (name: string): Step => ({
  op: "create",
  urn: `urn:pulumi:dev::p::t:index:Thing::${name}`,
  type: "t:index:Thing",
  internal: false,
  logical: true,
});

describe("LiveDisplay", () => {
  let terminal: Terminal;
  let display: LiveDisplay;
  let redactor: Redactor;
  const send = (...events: EngineEvent[]) => events.forEach((event) => display.sink(event));
  const note = (name: string, text: string): EngineEvent => ({
    kind: "message",
    severity: "info",
    text,
    urn: step(name).urn,
    ephemeral: true,
  });

  beforeEach(() => {
    jest.useFakeTimers();
    terminal = new Terminal();
    redactor = new Redactor();
    display = new LiveDisplay({ preview: false, diff: false, redactor, out: terminal });
  });

  afterEach(() => {
    jest.clearAllTimers();
    jest.useRealTimers();
  });

  test("something stands there at once, before the first event", () => {
    expect(Terminal.shown(terminal.take())).toEqual(["⠋  working (0s) ", ""]);
  });

  test("below finished steps stands what runs, drawn anew in its place", () => {
    send({ kind: "begin", step: step("a") }, { kind: "begin", step: step("b") });
    send(note("a", "pulling the image\n40 %\n"));
    jest.advanceTimersByTime(120);
    jest.advanceTimersByTime(120);
    const before = terminal.take();
    expect(before).toContain("\r\x1b[2K\x1b[1A\r\x1b[2K\x1b[1A\r\x1b[2K");
    const running = Terminal.shown(before);
    expect(running).toHaveLength(3);
    expect(running[0]).toMatch(/^\S.*t:index:Thing a creating \(\d+s\) 40 %$/);
    expect(running[1]).toMatch(/^\S.*t:index:Thing b creating \(\d+s\) $/);

    send({ kind: "done", step: step("a"), seconds: 1.5 });
    const after = Terminal.shown(before + terminal.take());
    expect(after).toHaveLength(3);
    expect(after[0]).toMatch(/^ \+ .*t:index:Thing a created \(1\.50s\)$/);
    expect(after[1]).toMatch(/^\S.*t:index:Thing b creating/);
    expect(after.join("\n")).not.toContain("40 %");
  });

  test("a note shows no secret, nor the beginning of one where the line is cut", () => {
    redactor.add("canary-secret-of-some-length");
    send({ kind: "begin", step: step("a") });
    for (const before of ["", "x".repeat(25)]) {
      send(note("a", `${before}canary-secret-of-some-length`));
      jest.advanceTimersByTime(120);
      const text = terminal.take();
      expect(text).toContain("creating");
      expect(text).not.toContain("canary");
    }
  });

  test("what is written aside stays, above what runs", () => {
    send({ kind: "begin", step: step("a") });
    jest.advanceTimersByTime(200);
    display.aside(() => terminal.write("^C received\n"));
    jest.advanceTimersByTime(1000);
    const shown = Terminal.shown(terminal.take());
    expect(shown[0]).toBe("^C received");
    expect(shown[1]).toMatch(/^\S\+  t:index:Thing a creating \(1s\)/);
    expect(shown.slice(2)).toEqual([""]);
  });

  test("a table of the whole run stays above what runs; a line of progress does not", () => {
    send({ kind: "begin", step: step("a") });
    const whole = (text: string): EngineEvent => ({
      ...{ kind: "message", severity: "info", urn: "", ephemeral: true, text },
    });
    send(whole("HOST    STATE\nnode01  in sync\n"), whole("waiting for ssh"));
    const shown = Terminal.shown(terminal.take());
    expect(shown.slice(0, 2)).toEqual(["HOST    STATE", "node01  in sync"]);
    expect(shown.join("\n")).not.toContain("waiting");
  });
});
