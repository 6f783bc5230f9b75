/** `up`, `preview`, `destroy` and `refresh`: preview, confirm, run. */
import { createRequire } from "node:module";
import { shownConfig } from "../config/shown";
import type * as operation from "../operation";
import type { RunOptions, RunResult } from "../operation";
import type * as ssh from "../../ssh/pool";
import { Redactor } from "../secrets/redact";
import { Program } from "../rpc/program";
import type { Stack, Workspace } from "../stack";
import { isEventful } from "../steps/events";
import type { Explain } from "../steps/progress";
import { Targets } from "../steps/targets";
import type { PropertyMap } from "../values/property";
import { embeddedOrPulumi, EVERYWHERE } from "./choose";
import { EXIT, ExitError, command } from "./exit";
import { confirmed, helpText, parseFlags, UsageError, type Flags, type FlagSpec } from "./flags";
import { listenForInterrupts, type Interrupts } from "./interrupt";
import { refuseWhatNpmTook } from "./npm-flags";
import { ask, isInteractive } from "./prompt";
import { PreviewJson } from "../display/preview-json";
import { Display } from "../display/display";
import { EventStream } from "../display/event-stream";
import { LiveDisplay } from "../display/live";
import type { StepWords } from "../display/rows";

export type Kind = "up" | "preview" | "destroy" | "refresh";

const COMMON: Record<string, FlagSpec> = {
  diff: { kind: "switch", help: "Show every changed property, and complete diffs" },
  json: {
    kind: "switch",
    short: "j",
    help: "Emit JSON only: one document for a preview, one event per line for an update",
  },
  "expect-no-changes": {
    kind: "switch",
    help: "Return an error (exit code 7) if there are changes. A refresh then also previews the program",
  },
  parallel: {
    kind: "value",
    short: "p",
    help: "Limit how many operations run at once (default 50, of which 4 per core on this machine)",
  },
  target: {
    kind: "list",
    short: "t",
    help: "Operate on this resource only (a URN; * and ** are wildcards). Repeatable",
  },
  "target-dependents": {
    kind: "switch",
    help: "Also operate on the resources that depend on a target",
  },
  exclude: {
    kind: "list",
    help: "Do not operate on this resource (a URN; * and ** are wildcards). Repeatable",
  },
  color: {
    kind: "value",
    help: "Colorize output: always, never, raw or auto (default auto: on terminals)",
  },
  message: {
    kind: "value",
    short: "m",
    help: "Accepted for compatibility with the CLI; not stored",
  },
  "suppress-outputs": { kind: "switch", help: "Suppress the display of stack outputs" },
  "continue-on-error": {
    kind: "switch",
    help: "Continue with the resources that do not depend on a failed one",
  },
  ...EVERYWHERE,
};
const REFRESH: Record<string, FlagSpec> = {
  refresh: {
    kind: "switch",
    short: "r",
    help: "Refresh the state of the resources first (--refresh=false to skip)",
  },
};
/** `destroy` lacks these flags, as in the CLI. */
const EXCLUDING: Record<string, FlagSpec> = {
  "exclude-dependents": { kind: "switch", help: "Also exclude the resources that depend on it" },
};
const DOING: Record<string, FlagSpec> = {
  yes: { kind: "switch", short: "y", help: "Perform the operation without a confirmation prompt" },
  "skip-preview": { kind: "switch", short: "f", help: "Perform the operation without a preview" },
  "preview-only": { kind: "switch", help: "Only show a preview" },
};
const FLAGS: Record<Kind, Record<string, FlagSpec>> = {
  up: { ...COMMON, ...EXCLUDING, ...REFRESH, ...DOING },
  preview: { ...COMMON, ...EXCLUDING, ...REFRESH },
  destroy: { ...COMMON, ...REFRESH, ...DOING },
  refresh: {
    ...COMMON,
    ...EXCLUDING,
    ...DOING,
    "clear-pending-creates": {
      kind: "switch",
      help: "Clear the pending creates that an interrupted run left",
    },
  },
};

const ABOUT: Record<Kind, string> = {
  up: "Creates or updates the resources of the stack.",
  preview: "Shows a preview of the changes that `up` would make. It changes nothing.",
  destroy: "Deletes all resources of the stack.",
  refresh: "Reads the current state of all resources and updates the stack's state.",
};

const EXAMPLES: Record<Kind, string[]> = {
  up: ["npm run up -- --stack dev", "npm run up -- --yes --target '**node02**'"],
  preview: ["npm run preview -- --diff", "npm run -s preview -- --json --expect-no-changes"],
  destroy: ["npm run destroy -- --stack dev --yes"],
  refresh: ["npm run refresh -- --yes"],
};

/** Text that the project adds to the engine's output. */
export interface Wording {
  /** Explains, in a preview, what the deletion of a resource means. */
  explain?: Explain;
  /** Display names for component types. */
  words?: StepWords;
  /** From the stack's outputs: what the program left out. Undefined if nothing. The exit code then says so. */
  leftOut?: (outputs: PropertyMap) => string | undefined;
}

/** Runs the npm script of this name. */
export function operate(kind: Kind, args: string[], wording: Wording = {}): Promise<void> {
  return command(
    async () => {
      const { flags, rest } = parseFlags(args, FLAGS[kind]);
      if (flags["help"]) {
        process.stdout.write(
          helpText(`npm run ${kind} -- [FLAGS]`, ABOUT[kind], EXAMPLES[kind], FLAGS[kind]),
        );
        return;
      }
      refuseWhatNpmTook(kind, { flags, rest }, FLAGS[kind]);
      if (rest.length > 0)
        throw new UsageError(`unknown command ${JSON.stringify(rest[0])} for "${kind}"`);
      if (
        kind !== "preview" &&
        !isInteractive(flags) &&
        !confirmed(flags) &&
        !flags["skip-preview"] &&
        !flags["preview-only"]
      ) {
        throw new ExitError(
          EXIT.configuration,
          "--yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode",
        );
      }
      await withEngine(kind, args, flags, wording);
    },
    !args.some((arg) => /^(--json(=|$)|-[a-z]*j)/.test(arg)),
  );
}

async function withEngine(
  kind: Kind,
  args: string[],
  flags: Flags,
  wording: Wording,
): Promise<void> {
  const print = (text: string): unknown => process.stderr.write(text);
  const workspace = await embeddedOrPulumi(flags, [kind, ...args], print);
  if (!workspace) return;
  const { backend, project } = workspace;
  const file = backend.stackFile(project.name, await workspace.stackName());
  print(`Engine: embedded, state in ${file}\n`);
  await new Operation(kind, flags, workspace, wording).run();
  // A refresh does not read hosts through command resources. The program itself detects changes there.
  if (kind === "refresh" && flags["expect-no-changes"])
    await new Operation("preview", flags, workspace, wording).run();
}

/** gRPC and its dependents, which take long to load: only after the program's process has started. */
function loadLate(): Pick<typeof operation, "run"> & Pick<typeof ssh, "ConnectionPool"> {
  const load = createRequire(__filename);
  const { run } = load("../operation") as typeof operation;
  const { ConnectionPool } = load("../../ssh/pool") as typeof ssh;
  return { run, ConnectionPool };
}

class Operation {
  private readonly interrupts: Interrupts = listenForInterrupts((line) => {
    const write = (): unknown => process.stderr.write(`${line}\n`);
    if (this.live) this.live.aside(write);
    else write();
  });
  /** The display that now draws on the terminal, above which other output is written. */
  private live: LiveDisplay | undefined;
  /** The process of the next program, started early because the SDK takes long to load. */
  private ahead: Program | undefined;
  /** The SSH connections of all phases. */
  private connections: ssh.ConnectionPool | undefined;
  /** The display of the preview: it has the details, and knows which messages were shown. */
  private previewed: Display | undefined;

  constructor(
    private readonly kind: Kind,
    private readonly flags: Flags,
    private readonly workspace: Workspace,
    private readonly wording: Wording,
  ) {}

  async run(): Promise<void> {
    let unlock: (() => Promise<void>) | undefined;
    try {
      // Reports wrong flags before anything starts.
      this.options();
      this.startAhead();
      const opening = this.workspace.load(this.kind === "up" || this.kind === "preview");
      opening.catch(() => undefined);
      // A thread derives the key meanwhile.
      await new Promise(setImmediate);
      loadLate();
      const stack = await opening;
      if (this.kind !== "preview" && !this.flags["preview-only"]) {
        unlock = await stack.lock();
        await stack.reload();
      }
      await this.phases(stack);
    } finally {
      this.ahead?.end();
      await this.closeConnections();
      this.interrupts.dispose();
      await unlock?.();
    }
  }

  private async phases(stack: Stack): Promise<void> {
    const { flags, kind } = this;
    const previewOnly = kind === "preview" || flags["preview-only"] === true;
    if (previewOnly || !flags["skip-preview"]) {
      const result = await this.phase(stack, true, previewOnly);
      this.throwUnlessSucceeded(result);
      if (previewOnly) return this.conclude(result, "proposed");
      if (!confirmed(flags)) {
        await this.confirm(stack);
        // Connections that were idle for long may be dead without a notice.
        await this.closeConnections();
      } else if (this.canEndEarly && result.nothingToDo) {
        this.endEarly(stack, result);
        return this.conclude(result, "occurred");
      }
    }
    const result = await this.phase(stack, false, true);
    this.throwUnlessSucceeded(result);
    if (kind === "destroy" && !flags["json"] && !flags["target"] && !flags["exclude"]) {
      process.stdout.write(
        "The resources in the stack have been deleted, but its configuration and its empty state are still there.\n" +
          `If you want to remove the stack completely, run \`npm run stack -- rm ${stack.name}\`.\n`,
      );
    }
    this.conclude(result, "occurred");
  }

  /**
   * An `up` whose preview found nothing to do ends without a second run of the program, which would read every host again
   * to find the same. After a prompt some time has passed, so the program runs again.
   */
  private get canEndEarly(): boolean {
    return this.kind === "up" && confirmed(this.flags) && this.flags["json"] !== true;
  }

  private endEarly(stack: Stack, result: RunResult): void {
    process.stdout.write(`${title(this.kind, false)} (${stack.name}):\n`);
    this.display(stack, false, true, new Redactor()).finish({ ...result, seconds: 0 });
  }

  /** `last`: no other phase follows. */
  private async phase(stack: Stack, preview: boolean, last: boolean): Promise<RunResult> {
    const json = this.flags["json"] === true;
    const { run, ConnectionPool } = loadLate();
    this.connections ??= new ConnectionPool();
    const redactor = new Redactor();
    if (!json) process.stdout.write(`${title(this.kind, preview)} (${stack.name}):\n`);
    const display = this.display(stack, preview, last, redactor);
    this.live = display instanceof LiveDisplay ? display : undefined;
    if (preview && display instanceof Display) this.previewed = display;
    const program = this.ahead;
    this.ahead = undefined;
    const result = await run(stack, {
      ...this.options(),
      preview,
      redactor,
      connections: this.connections,
      ...(program ? { program } : {}),
      sink: (event) => {
        // This phase's program is loaded. The next one can start to load, if there will be one.
        if (preview && !last && (this.canEndEarly ? isEventful(event) : event.kind === "begin"))
          this.startAhead();
        display.sink(event);
      },
      // If the phase fails before it begins, the program is still waiting for its instructions.
    })
      .catch((error: unknown) => {
        this.live?.end();
        if (display instanceof Display) display.flush();
        throw error;
      })
      .finally(() => program?.end());
    display.finish(result);
    this.live = undefined;
    if (!preview) await stack.reload();
    return result;
  }

  /** Called for each phase, because a phase adds targets. Throws UsageError. */
  private options(): Omit<RunOptions, "preview" | "sink" | "redactor"> {
    const { flags, kind, interrupts } = this;
    const parallel = text(flags, "parallel") ?? process.env["PULUMI_PARALLEL"];
    if (parallel !== undefined && !/^\d+$/.test(parallel)) {
      throw new UsageError(
        `invalid argument "${parallel}" for "-p, --parallel" flag: expected a number`,
      );
    }
    const color = text(flags, "color") ?? "auto";
    if (!["always", "never", "raw", "auto"].includes(color)) {
      throw new UsageError(
        `unsupported color option: '${color}'. Supported values are: always, never, raw, auto`,
      );
    }
    const refresh = flags["refresh"];
    return {
      kind: kind === "preview" ? "up" : kind,
      ...(parallel === undefined ? {} : { parallel: Number(parallel) }),
      ...(typeof refresh === "boolean" && { refresh }),
      continueOnError:
        flags["continue-on-error"] === true ||
        /^(1|true)$/.test(process.env["PULUMI_CONTINUE_ON_ERROR"] ?? ""),
      clearPendingCreates: flags["clear-pending-creates"] === true,
      targets: new Targets(
        (flags["target"] as string[] | undefined) ?? [],
        flags["target-dependents"] === true,
        (flags["exclude"] as string[] | undefined) ?? [],
        flags["exclude-dependents"] === true,
      ),
      ...(this.wording.explain && { explain: this.wording.explain }),
      cancel: interrupts.cancel,
      terminate: interrupts.terminate,
    };
  }

  /** On a second Ctrl-C, nothing waits for them. */
  private async closeConnections(): Promise<void> {
    const closing = this.connections?.close();
    this.connections = undefined;
    if (!this.interrupts.terminate.aborted) await closing;
  }

  private startAhead(): void {
    if (this.kind === "up" || this.kind === "preview")
      this.ahead ??= Program.load(this.workspace.project.program.folder);
  }

  private display(
    stack: Stack,
    preview: boolean,
    last: boolean,
    redactor: Redactor,
  ): Display | PreviewJson | EventStream {
    if (this.flags["json"]) {
      const values = [...shownConfig(stack.project, stack.file)];
      const config = Object.fromEntries(values.map(([key, { text }]) => [key, text]));
      const runsProgram = this.kind === "up" || this.kind === "preview";
      const options = { config, redactor, runsProgram, out: process.stdout };
      return preview ? new PreviewJson(options) : new EventStream(options);
    }
    const options = {
      preview,
      redactor,
      diff: this.flags["diff"] === true,
      outputs: last && this.flags["suppress-outputs"] !== true,
      ...(this.wording.words && { words: this.wording.words }),
      ...(this.previewed && { alreadyShown: this.previewed.said }),
      color: text(this.flags, "color") ?? "auto",
      out: process.stdout,
      err: process.stderr,
    };
    const live =
      process.stdout.isTTY && !this.flags["non-interactive"] && process.env["TERM"] !== "dumb";
    return live ? new LiveDisplay(options) : new Display(options);
  }

  private async confirm(stack: Stack): Promise<void> {
    const noun = this.kind === "up" ? "update" : this.kind;
    const question = `Do you want to perform this ${noun} of ${stack.name}? [yes/no/details] `;
    const details = (answer: string): boolean => {
      if (!/^d(etails)?$/i.test(answer)) return false;
      this.previewed?.details();
      return true;
    };
    if (/^y(es)?$/i.test(await ask(question, this.interrupts.cancel, details))) return;
    throw new ExitError(EXIT.cancelled, `confirmation declined, not proceeding with the ${noun}`);
  }

  private throwUnlessSucceeded({ outcome }: RunResult): void {
    if (outcome === "succeeded") return;
    throw new ExitError(outcome === "cancelled" ? EXIT.cancelled : EXIT.error);
  }

  /** Throws ExitError for the exit codes of an operation that succeeded. */
  private conclude({ changes, outputs }: RunResult, what: string): void {
    const kinds = Object.keys(changes).filter((op) => !["same", "read", "discard"].includes(op));
    if (this.flags["expect-no-changes"] && kinds.length > 0)
      throw new ExitError(EXIT.changes, `no changes were expected but changes were ${what}`);
    const runsProgram = this.kind === "up" || this.kind === "preview";
    const leftOut = runsProgram ? this.wording.leftOut?.(outputs) : undefined;
    if (leftOut !== undefined) throw new ExitError(EXIT.partly, leftOut);
  }
}

function title(kind: Kind, preview: boolean): string {
  const noun = { up: "update", preview: "update", destroy: "destroy", refresh: "refresh" }[kind];
  if (preview) return `Previewing ${noun}`;
  return { up: "Updating", preview: "Previewing", destroy: "Destroying", refresh: "Refreshing" }[
    kind
  ];
}

function text(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}
