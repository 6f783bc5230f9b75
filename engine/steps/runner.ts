/**
 * Runs steps, a limited number at once. Each is recorded in the state before it starts, and reported only once the
 * state that contains it is written.
 */
import { PartialFailure } from "../providers/provider";
import type { Journal } from "../state/journal";
import type { PendingType, ResourceState } from "../state/resource";
import { said, type Sink, type Step } from "./events";
import { Halted, StepFailed } from "./halt";
import { Slots } from "./slots";

interface RunnerOptions {
  preview: boolean;
  /** How many provider operations may run at once. */
  parallel: number;
  /** Of them, those of `typesHere`. @default `parallel` */
  parallelHere?: number;
  /** The types whose steps run on this machine. @default none */
  typesHere?: ReadonlySet<string>;
  continueOnError: boolean;
  /** First Ctrl-C: no new steps. */
  cancel: AbortSignal;
  /** Second Ctrl-C: do not wait for the running ones. */
  terminate: AbortSignal;
}

export class Runner {
  /** An error happened: the operation as a whole has failed. */
  failed = false;
  private readonly failedUrns = new Set<string>();
  /** Aborted when no new step may start: after an error without --continue-on-error, or after a cancel. */
  readonly halt = new AbortController();
  private readonly slots: Slots;
  private readonly active = new Set<Promise<void>>();

  constructor(
    readonly options: RunnerOptions,
    private readonly journal: Journal,
    private readonly sink: Sink,
  ) {
    const { parallel: total, parallelHere: onThisMachine = total } = options;
    this.slots = new Slots({ total, onThisMachine });
    options.cancel.addEventListener("abort", () => this.stop());
    if (options.cancel.aborted) this.stop();
  }

  get halted(): boolean {
    return this.halt.signal.aborted;
  }

  /** The resource stays as it is, and so do its dependents. */
  giveUp(urn: string): void {
    this.failedUrns.add(urn);
  }

  hasFailed(urn: string): boolean {
    return this.failedUrns.has(urn);
  }

  stop(): void {
    this.halt.abort();
    this.slots.open();
  }

  throwIfHalted(): void {
    if (this.halted) throw new Halted();
  }

  /** Reports an error that does not belong to a step, and stops. */
  fail(text: string, urn?: string): void {
    this.failed = true;
    this.sink(said("error", text, urn));
    this.stop();
  }

  /** Resolves when no step is running. */
  async idle(): Promise<void> {
    while (this.active.size > 0) await Promise.allSettled(this.active);
  }

  /**
   * `work` calls the provider and stores its answer in `step.new`; `commit` updates the journal. A PartialFailure is
   * both committed and reported. Throws StepFailed, or Halted if the step did not run.
   */
  async run(
    step: Step,
    pending: PendingType | undefined,
    work: () => Promise<void>,
    commit: () => void,
  ): Promise<void> {
    this.throwIfHalted();
    const here = this.options.typesHere?.has(step.type) ?? false;
    await this.slots.enter(here);
    try {
      this.throwIfHalted();
      const running = this.execute(step, pending, work, commit);
      const settled = running.catch(() => undefined).finally(() => this.active.delete(settled));
      this.active.add(settled);
      await running;
    } finally {
      this.slots.leave(here);
    }
  }

  private async execute(
    step: Step,
    pending: PendingType | undefined,
    work: () => Promise<void>,
    commit: () => void,
  ): Promise<void> {
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    const resource = (step.new ?? step.old) as ResourceState;
    this.sink({ kind: "begin", step });
    if (pending && !this.options.preview) await this.journal.begin(resource, pending);
    let failure: unknown;
    try {
      await work();
    } catch (error) {
      failure = error;
    }
    const isKnown = failure === undefined || failure instanceof PartialFailure;
    // After the second Ctrl-C the result is unknown. The pending operation in the state records that.
    if (!isKnown && this.options.terminate.aborted) throw new Halted();
    if (pending) this.journal.end(resource);
    if (isKnown) commit();
    await this.journal.settle();
    if (failure === undefined) {
      this.sink({ kind: "done", step, seconds: seconds() });
      return;
    }
    this.report(step, failure, seconds());
    throw new StepFailed();
  }

  private report(step: Step, failure: unknown, seconds: number): void {
    this.failed = true;
    const text = failure instanceof Error ? failure.message : String(failure);
    this.sink(said("error", text, step.urn));
    this.sink({ kind: "failed", step, seconds });
    // A preview that cannot read one resource fails, but still shows the changes to the others.
    if (this.options.preview && step.op === "refresh") return;
    this.failedUrns.add(step.urn);
    if (!this.options.continueOnError && !(failure instanceof ProtectedResource)) this.stop();
  }
}

/** Nothing was changed, so the other steps continue, and one run names all such resources. */
export class ProtectedResource extends Error {
  constructor(urn: string) {
    super(
      `resource "${urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, either remove the ` +
        "`protect` flag from the resource in your Pulumi program and run `npm run up`, or use the command:\n" +
        `\`npm run state -- unprotect '${urn}'\``,
    );
  }
}
