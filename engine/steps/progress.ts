/** What one operation knows and has decided so far, and what every part of it needs to carry a step out. */
import { NotRunning, type CreateContext, type StepContext } from "../providers/provider";
import type { Journal } from "../state/journal";
import { dependenciesOf, type CustomTimeouts, type ResourceState } from "../state/resource";
import type { PropertyMap } from "../values/property";
import { Aliases } from "./aliases";
import type { Op, Sink, Step } from "./events";
import type { Manager } from "./manager";
import type { ProviderHost } from "./provider-host";
import { keepUnchanged } from "./refresh";
import type { Runner } from "./runner";
import type { Targets } from "./targets";
import { isDefaultProvider } from "./urn";

/** What a person should know of a resource before it is deleted. */
export type Explain = (
  state: ResourceState,
) => Promise<{ severity: "info" | "warning"; text: string } | undefined>;

interface DeploymentOptions {
  project: string;
  stack: string;
  preview: boolean;
  targets: Targets;
  /** Configuration of a package, `docker:host` say, for its default provider. */
  packageConfig: (name: string) => PropertyMap;
  /** To be called when a resource of the state was changed in place. */
  forget: (state: ResourceState) => void;
  /** URNs that a refresh could not read yet. @default none */
  unread?: ReadonlySet<string>;
  /** Asked in previews, of what is deleted. @default nothing */
  explain?: Explain;
}

/** What the program is told. */
export interface Registered {
  state: ResourceState;
  result: "success" | "failed" | "skipped";
}

export class Progress {
  /** Resources of this run, by URN. */
  readonly news = new Map<string, ResourceState>();
  /** What was there before, leftovers of replacements left out. */
  readonly olds: ReadonlyMap<string, ResourceState>;
  readonly aliases: Aliases;
  /** The step that each URN of this run took. */
  readonly steps = new Map<string, Step>();
  /** URNs that this run has dealt with, or keeps. What is not among them in the end is deleted. */
  readonly operated = new Set<string>();
  readonly replaced = new Set<string>();
  /** URNs deleted, or to be deleted, in this run. */
  readonly deleted = new Set<string>();
  /** Not made, since they are not targets. */
  readonly skippedCreates = new Set<string>();
  /** Deleted ahead of time, since what they depend on is replaced. */
  readonly gone = new Map<ResourceState, Promise<void>>();

  constructor(
    readonly base: readonly ResourceState[],
    readonly options: DeploymentOptions,
    readonly host: ProviderHost,
    readonly runner: Runner,
    readonly journal: Journal,
    readonly sink: Sink,
  ) {
    this.olds = new Map(base.filter((r) => !r.delete).map((r) => [r.urn, r]));
    this.aliases = new Aliases(options.stack, options.project);
  }

  isOperatedOn(urn: string): boolean {
    return this.operated.has(urn) || this.operated.has(this.aliases.taken.get(urn) ?? "");
  }

  step(op: Op, old: ResourceState | undefined, now: ResourceState | undefined): Step {
    const { urn, type } = (now ?? old) as ResourceState;
    const internal = isDefaultProvider(urn);
    return {
      op,
      urn,
      type,
      internal,
      logical: true,
      ...(old ? { old } : {}),
      ...(now ? { new: now } : {}),
    };
  }

  createContext(state: ResourceState, operation: "create" | "update"): CreateContext {
    const { preview } = this.options;
    return { ...this.context(state.urn, state.customTimeouts, operation), preview };
  }

  context(
    urn: string,
    timeouts: CustomTimeouts = {},
    operation: keyof CustomTimeouts = "create",
  ): StepContext {
    const timeoutSeconds = timeouts[operation];
    const signals = [this.runner.options.terminate];
    if (timeoutSeconds) signals.push(timeoutSignal(operation, timeoutSeconds));
    return {
      urn,
      signal: AbortSignal.any(signals),
      log: (severity, text, ephemeral = false) =>
        this.sink({ kind: "message", severity, text, urn, ephemeral }),
      ...(timeoutSeconds ? { timeoutSeconds } : {}),
    };
  }

  /**
   * Reads what the refresh could not, now that what it depends on is done. False: it is gone. A preview has started
   * nothing, and so takes it to be as it was.
   */
  async readNow(old: ResourceState, manager: Manager): Promise<boolean> {
    if (this.options.unread?.has(old.urn) !== true) return true;
    try {
      const now = await manager.read(old, this.context(old.urn));
      if (!now) return false;
      Object.assign(old, keepUnchanged(old, now));
      this.options.forget(old);
      this.journal.touch();
      return true;
    } catch (error) {
      if (this.options.preview && error instanceof NotRunning) return true;
      throw error;
    }
  }

  /** Has the provider delete the resource, where it is ours to delete. */
  async remove(state: ResourceState): Promise<void> {
    const spared =
      this.options.preview ||
      state.external ||
      state.retainOnDelete ||
      !state.custom ||
      (state.deletedWith !== undefined && this.deleted.has(state.deletedWith));
    if (spared) return;
    await this.host.ensure(state.provider, this.base);
    const manager = await this.host.managerOf(state.type, state.provider);
    await manager.delete(state, this.context(state.urn, state.customTimeouts, "delete"));
  }

  /** Leaves a resource as it is, after whatever it needs: the state lists dependencies first. */
  keep(old: ResourceState): void {
    if (this.operated.has(old.urn)) return;
    this.operated.add(old.urn);
    for (const urn of dependenciesOf(old)) {
      const dependency = this.olds.get(urn);
      if (dependency && !this.isOperatedOn(urn)) this.keep(dependency);
    }
    this.journal.put(old, old);
    this.news.set(old.urn, old);
    const step = this.step("same", old, old);
    this.sink({ kind: "begin", step });
    this.sink({ kind: "done", step, seconds: 0 });
  }
}

/** Aborted with an error that says whose limit it was; Node's own says "aborted due to timeout". */
export function timeoutSignal(operation: keyof CustomTimeouts, seconds: number): AbortSignal {
  const limit = new AbortController();
  const reason = new Error(
    `the ${operation} did not end within ${seconds} s, which is the resource's customTimeouts.${operation}, and was stopped; ` +
      "give it longer there, or see what keeps it",
  );
  after(seconds * 1000, () => limit.abort(reason));
  return limit.signal;
}

/** Node's timers hold 24.8 days, and take what is longer for nothing at all. Keeps no process alive. */
function after(milliseconds: number, act: () => void): void {
  const part = Math.min(milliseconds, 2 ** 31 - 1);
  const next = part < milliseconds ? () => after(milliseconds - part, act) : act;
  setTimeout(next, part).unref();
}
