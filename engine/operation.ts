/** Runs one operation on a stack, from start to end: a preview or a real run. */
import { once } from "node:events";
import * as os from "node:os";
import { openFrom } from "../ssh/borrow";
import { ConnectionPool } from "../ssh/pool";
import { plugins as allPlugins } from "./providers";
import { builtinPlugin } from "./providers/builtin";
import type { ProviderPlugin } from "./providers/provider";
import { Monitor } from "./rpc/monitor";
import { Program } from "./rpc/program";
import { Redactor } from "./secrets/redact";
import type { Stack } from "./stack";
import { Writer } from "./state/checkpoint";
import { integrityError } from "./state/integrity";
import { Journal } from "./state/journal";
import type { PendingOperation, ResourceState, Snapshot } from "./state/resource";
import { sameResources } from "./state/same";
import { Deployment } from "./steps/deployment";
import { Progress, type Explain } from "./steps/progress";
import { isEventful, said, type EngineEvent, type Op, type Sink } from "./steps/events";
import { Halted, StepFailed } from "./steps/halt";
import { ProviderHost } from "./steps/provider-host";
import type { PropertyMap } from "./values/property";
import { refresh } from "./steps/refresh";
import { Runner } from "./steps/runner";
import { Targets } from "./steps/targets";
import { STACK_TYPE, makeUrn } from "./steps/urn";

/** Most steps wait for a host, which takes none of this machine's cores. */
const PARALLEL = 50;

export interface RunOptions {
  kind: "up" | "destroy" | "refresh";
  /** True: show what would be done, and change nothing. */
  preview: boolean;
  /** The number of operations at once. @default 50, of which 4 per core on this machine */
  parallel?: number;
  continueOnError?: boolean;
  /** Read every resource first. For `refresh`, that is the whole operation. */
  refresh?: boolean;
  targets?: Targets;
  clearPendingCreates?: boolean;
  /** First Ctrl-C: start no new steps, and let running ones finish. */
  cancel?: AbortSignal;
  /** Second Ctrl-C: do not wait for running steps. */
  terminate?: AbortSignal;
  /** SSH connections for the steps and for the program, which the caller closes. @default own ones, closed at the end */
  connections?: ConnectionPool;
  /** A program process that was started early. If undefined, one is started now. */
  program?: Program;
  /** @default all providers of this engine */
  plugins?: readonly ProviderPlugin[];
  /** Explains, in previews, what the deletion of a resource means. @default no explanation */
  explain?: Explain;
  /**
   * Collects the secrets of the run. Messages are already redacted; a display redacts the text that it makes from
   * values.
   */
  redactor?: Redactor;
  sink: Sink;
}

export interface RunResult {
  outcome: "succeeded" | "failed" | "cancelled";
  /** The number of resources for each kind of step, without default providers and parts of replacements. */
  changes: Partial<Record<Op, number>>;
  /** URNs that had an error. */
  errored: ReadonlySet<string>;
  /**
   * Of a preview: every step leaves its resource as it is, the state would stay the same in every field, and nothing was
   * warned of. A real run right after it has nothing to do.
   */
  nothingToDo: boolean;
  /** The stack's outputs from before the run. */
  oldOutputs: ResourceState["outputs"];
  outputs: ResourceState["outputs"];
  seconds: number;
}

/** The caller holds the stack's lock, except for a preview. */
export async function run(stack: Stack, options: RunOptions): Promise<RunResult> {
  return new Run(stack, options).execute();
}

class Run {
  private readonly started = performance.now();
  private readonly changes: RunResult["changes"] = {};
  private readonly errored = new Set<string>();
  private readonly redactor: Redactor;
  private readonly snapshot: Snapshot;
  private readonly asTheyWere: PropertyMap;
  private readonly writer: Writer;
  private readonly journal: Journal;
  private readonly runner: Runner;
  private readonly host: ProviderHost;
  private readonly connections: ConnectionPool;
  private readonly targets: Targets;
  private readonly config;
  private readonly rootUrn: string;
  /** A step was no `same`, or something needs attention. */
  private eventful = false;

  constructor(
    private readonly stack: Stack,
    private readonly options: RunOptions,
  ) {
    const { project, name, backend, crypter } = stack;
    this.redactor = options.redactor ?? new Redactor();
    this.rootUrn = makeUrn(name, project.name, "", STACK_TYPE, `${project.name}-${name}`);
    this.snapshot = stack.state().snapshot;
    const broken = integrityError(this.snapshot.resources);
    if (broken)
      throw new Error(
        `${stack.stateFile} is not well-formed: ${broken}; its backup is ${stack.stateFile}.bak`,
      );
    // An operation that does not run the program can work with an incomplete configuration.
    this.config = stack.config(options.kind === "up");
    for (const { secrets } of this.config.values()) secrets.forEach((s) => this.redactor.add(s));
    for (const { inputs, outputs } of this.snapshot.resources)
      [inputs, outputs].forEach((v) => this.redactor.addFrom(v));
    this.writer = new Writer(stack.fullName, crypter);
    const write = (snapshot: Snapshot): Promise<void> =>
      backend.write(project.name, name, this.writer.checkpoint(snapshot));
    this.asTheyWere = Object.fromEntries(
      this.snapshot.resources.flatMap((r) =>
        r.delete ? [] : [[r.urn, { type: r.type, outputs: r.outputs }] as const],
      ),
    );
    this.journal = new Journal(this.snapshot, options.preview ? undefined : write);
    this.targets = options.targets ?? new Targets([], false);
    const plugins = [...(options.plugins ?? allPlugins), builtinPlugin(this.resourcesOf)];
    const never = new AbortController().signal;
    const { cancel = never, terminate = never } = options;
    this.runner = new Runner(
      {
        preview: options.preview,
        parallel: options.parallel ?? PARALLEL,
        parallelHere: options.parallel ?? 4 * os.availableParallelism(),
        typesHere: new Set(plugins.flatMap(({ typesHere = [] }) => typesHere)),
        continueOnError: options.continueOnError ?? false,
        cancel,
        terminate,
      },
      this.journal,
      this.sink,
    );
    this.connections = options.connections ?? new ConnectionPool();
    this.host = new ProviderHost(plugins, project.program.folder, this.connections);
  }

  async execute(): Promise<RunResult> {
    const oldOutputs = this.rootOutputs(this.snapshot.resources);
    try {
      await this.work();
    } catch (error) {
      if (!(error instanceof Halted) && !(error instanceof StepFailed)) this.failWith(error);
    }
    const terminated = this.options.terminate?.aborted === true;
    if (!terminated) await this.runner.idle();
    try {
      await this.journal.flush();
    } catch (error) {
      this.failWith(error);
    }
    this.options.program?.end();
    await Promise.race([this.close(), ...(terminated ? [Promise.resolve()] : [])]);
    return this.conclude(oldOutputs);
  }

  private async close(): Promise<void> {
    await this.host.close();
    if (this.options.connections === undefined) await this.connections.close();
  }

  private failWith(error: unknown): void {
    this.runner.fail(error instanceof Error ? error.message : String(error));
  }

  private conclude(oldOutputs: ResourceState["outputs"]): RunResult {
    const cancelled = this.options.cancel?.aborted === true;
    const outcome = cancelled ? "cancelled" : this.runner.failed ? "failed" : "succeeded";
    if (outcome !== "succeeded") {
      const text = `${this.options.preview ? "preview" : "update"} ${outcome === "failed" ? "failed" : "canceled"}`;
      this.sink(said("error", text, this.rootUrn));
    }
    return {
      outcome,
      changes: this.changes,
      errored: this.errored,
      nothingToDo: outcome === "succeeded" && this.isNothingToDo(),
      oldOutputs,
      outputs: this.rootOutputs(this.journal.resources),
      seconds: (performance.now() - this.started) / 1000,
    };
  }

  private isNothingToDo(): boolean {
    const { snapshot, journal, options } = this;
    return (
      options.preview &&
      !this.eventful &&
      !journal.isTouched &&
      snapshot.pending.length === 0 &&
      sameResources(journal.resources, snapshot.resources)
    );
  }

  private async work(): Promise<void> {
    const { kind, preview } = this.options;
    const wantsRefresh =
      kind === "refresh" || (this.options.refresh ?? this.stack.project.refreshAlways);
    this.tellPending(wantsRefresh);
    if (kind !== "up") this.refuseMissingTargets(this.snapshot.resources.map((r) => r.urn));
    let base: readonly ResourceState[] = this.snapshot.resources;
    const unread = new Set<string>();
    if (wantsRefresh) {
      const { host, runner, journal, targets, sink } = this;
      const parts = { host, runner, journal, targets, sink };
      base = await refresh(base, parts, kind === "refresh", unread);
      if (!preview) await this.journal.flush();
    }
    if (kind === "refresh") return;
    const { project, name } = this.stack;
    const progress = new Progress(
      base,
      {
        project: project.name,
        stack: name,
        preview,
        targets: this.targets,
        packageConfig: (pkg) => this.stack.packageConfig(this.config, pkg),
        forget: (state) => this.writer.forget(state),
        unread,
        explain: (state) =>
          this.options.explain?.(state, openFrom(this.connections)) ?? Promise.resolve(undefined),
      },
      this.host,
      this.runner,
      this.journal,
      this.sink,
    );
    const deployment = new Deployment(progress);
    if (kind === "up") await this.runProgram(deployment, progress);
    if (!this.runner.halted) {
      if (kind === "up")
        this.refuseMissingTargets([...base.map((r) => r.urn), ...deployment.registered]);
      await deployment.finish();
    }
    await this.runner.idle();
    await deployment.outputs.finish(!this.runner.failed && !this.runner.halted);
  }

  private async runProgram(deployment: Deployment, progress: Progress): Promise<void> {
    const { stack, options, host, runner, sink, config } = this;
    const { project, name } = stack;
    const program = options.program ?? Program.load(project.program.folder);
    const monitor = new Monitor({ deployment, progress, host, runner, sink, root: project.folder });
    try {
      const running = program.run(
        {
          monitor: await monitor.listen(),
          project: project.name,
          stack: name,
          root: project.folder,
          ...project.program,
          parallel: runner.options.parallel,
          dryRun: options.preview,
          config: Object.fromEntries([...config].map(([key, { text }]) => [key, text])),
          targets: this.targets.told,
          secretKeys: [...config].flatMap(([key, { secret }]) => (secret ? [key] : [])),
        },
        (text, isError) => this.sink(said(isError ? "info#err" : "info", text, this.rootUrn)),
        this.connections,
      );
      // A program that waits for something else does not notice that the operation is stopping.
      const { ok, problem } = await Promise.race([running, this.stoppedAndIdle()]);
      if (!ok && problem && !runner.halted) this.runner.fail(problem, this.rootUrn);
      if (!ok) {
        runner.failed ||= !runner.halted;
        runner.stop();
      }
    } finally {
      program.end();
      monitor.close();
    }
  }

  private async stoppedAndIdle(): Promise<{ ok: boolean; problem?: string }> {
    const { signal } = this.runner.halt;
    if (!signal.aborted) await once(signal, "abort");
    const { terminate } = this.options;
    const terminated = terminate && !terminate.aborted ? [once(terminate, "abort")] : [];
    await Promise.race([this.runner.idle(), ...terminated]);
    return { ok: false };
  }

  /** Counts steps, redacts messages, and forwards events. */
  private readonly sink: Sink = (event: EngineEvent) => {
    if (event.kind === "done" && event.step.logical && !event.step.internal) {
      this.changes[event.step.op] = (this.changes[event.step.op] ?? 0) + 1;
    }
    if (isEventful(event)) this.eventful = true;
    if (event.kind === "begin" && event.step.new) this.redactor.addFrom(event.step.new.inputs);
    if (event.kind === "message") {
      if (event.severity === "error" && event.urn) this.errored.add(event.urn);
      this.options.sink({ ...event, text: this.redactor.redact(event.text) });
    } else this.options.sink(event);
  };

  /** This stack's resources as they were at the start of the run: the CLI also reads them from its state. */
  private readonly resourcesOf = (name: string): Promise<PropertyMap> => {
    const own = [this.stack.name, this.stack.fullName];
    if (!own.includes(name))
      return Promise.reject(
        new Error(
          `readStackResourceOutputs of "${name}": the embedded engine answers it for the stack itself (${this.stack.name}); use --engine pulumi for this program`,
        ),
      );
    return Promise.resolve(this.asTheyWere);
  };

  private tellPending(refreshing: boolean): void {
    const { pending } = this.snapshot;
    if (this.options.clearPendingCreates) this.journal.dropPendingCreates();
    if (pending.length === 0 || this.options.preview || refreshing) return;
    this.sink(said("warning", pendingText(pending)));
  }

  private refuseMissingTargets(urns: string[]): void {
    const missing = this.targets.missing(urns);
    if (missing.length === 0) return;
    throw new Error(
      missing
        .map((urn) => `Resource ${urn} was not found in the stack; it cannot be a target`)
        .join("\n"),
    );
  }

  private rootOutputs(resources: readonly ResourceState[]): ResourceState["outputs"] {
    return resources.find((r) => r.type === STACK_TYPE)?.outputs ?? {};
  }
}

function pendingText(pending: readonly PendingOperation[]): string {
  const list = pending
    .map(({ resource, type }) => `  * ${resource.urn}, interrupted while ${type}\n`)
    .join("");
  return (
    `Attempting to deploy or update resources with ${pending.length} pending operations from previous deployment.\n${list}` +
    "These resources are in an unknown state because the engine was interrupted while waiting for changes to these " +
    "resources to complete. You should confirm whether or not the operations listed completed successfully by checking " +
    "the hosts they concern.\n\nOnce you have confirmed the status of the interrupted operations, you can repair your " +
    "stack using `npm run refresh`, which reads the state from the hosts and clears the pending operations; pending " +
    "CREATE operations are cleared by the run that makes the resource, or by `npm run refresh -- --clear-pending-creates`."
  );
}
