/**
 * The state of one operation: its results and decisions so far, and everything that its parts need to carry out a step.
 */
import type { OpenForCommands } from "../../ssh/borrow";
import type { CreateContext, StepContext } from "../providers/provider";
import type { Journal } from "../state/journal";
import { dependenciesOf, type CustomTimeouts, type ResourceState } from "../state/resource";
import type { PropertyMap } from "../values/property";
import { Aliases } from "./aliases";
import { stepContext } from "./context";
import { stepOf, type Sink, type Step } from "./events";
import type { Manager } from "./manager";
import type { ProviderHost } from "./provider-host";
import { keepUnchanged } from "./refresh";
import type { Runner } from "./runner";
import type { Targets } from "./targets";
import { whyUnread } from "./unread";
import { withWayOut } from "./way-out";

/** Explains what the deletion of a resource means. @param open  to ask a host, over the run's connection to it */
export type Explain = (
  state: ResourceState,
  open: OpenForCommands,
) => Promise<{ severity: "info" | "warning"; text: string } | undefined>;

interface DeploymentOptions {
  project: string;
  stack: string;
  preview: boolean;
  targets: Targets;
  /** The configuration of a package, for example `docker:host`, for its default provider. */
  packageConfig: (name: string) => PropertyMap;
  /** Call it when a resource of the state was changed in place. */
  forget: (state: ResourceState) => void;
  /** URNs that the refresh could not read yet. @default none */
  unread?: ReadonlySet<string>;
  /** Called in previews for each deleted resource. @default no explanation */
  explain?: (state: ResourceState) => ReturnType<Explain>;
}

/** The answer to the program. */
export interface Registered {
  state: ResourceState;
  result: "success" | "failed" | "skipped";
}

export class Progress {
  private readonly current = new Map<string, ResourceState>();
  /** The resources before the run, without leftovers of replacements. */
  readonly olds: ReadonlyMap<string, ResourceState>;
  readonly aliases: Aliases;
  private readonly taken = new Map<string, Step>();
  private readonly operated = new Set<string>();
  private readonly replacing = new Set<string>();
  private readonly condemned = new Set<string>();
  private readonly leftOut = new Set<string>();

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

  /** Resources of this run, by URN. */
  get news(): ReadonlyMap<string, ResourceState> {
    return this.current;
  }

  /** The step of each URN in this run. */
  get steps(): ReadonlyMap<string, Step> {
    return this.taken;
  }

  /** This run has processed the resource, or is about to. At the end, all other resources are deleted. */
  operateOn(urn: string): void {
    this.operated.add(urn);
  }

  /** Checks the present URN, and the old one if there was an alias. */
  isOperatedOn(urn: string): boolean {
    return this.operated.has(urn) || this.operated.has(this.aliases.taken.get(urn) ?? "");
  }

  conclude(state: ResourceState, step: Step): void {
    this.current.set(state.urn, state);
    this.taken.set(state.urn, step);
  }

  /** Its dependents may have to be replaced as well. */
  replace(urn: string): void {
    this.replacing.add(urn);
  }

  isReplaced(urn: string): boolean {
    return this.replacing.has(urn);
  }

  /** The resource is deleted in this run, or already was. */
  condemn(urn: string): void {
    this.condemned.add(urn);
  }

  /** The resource is created again. */
  pardon(urn: string): void {
    this.condemned.delete(urn);
  }

  isCondemned(urn: string): boolean {
    return this.condemned.has(urn);
  }

  /** The resource is not created, because it is not a target. */
  leaveOut(urn: string): void {
    this.leftOut.add(urn);
    this.operated.add(urn);
  }

  isLeftOut(urn: string): boolean {
    return this.leftOut.has(urn);
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
    const { terminate } = this.runner.options;
    return stepContext(urn, terminate, this.sink, operation, timeouts[operation]);
  }

  /**
   * Reads a resource that the refresh could not read, now that its dependencies are done. False: it is gone. A preview
   * has started nothing, and so assumes that the resource is unchanged.
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
      if (this.options.preview && whyUnread(error) !== undefined) return true;
      throw error;
    }
  }

  /** Lets the provider delete the resource, if this stack owns it. */
  async remove(state: ResourceState): Promise<void> {
    const spared =
      this.options.preview ||
      state.external ||
      state.retainOnDelete ||
      !state.custom ||
      (state.deletedWith !== undefined && this.condemned.has(state.deletedWith));
    if (spared) return;
    await this.host.ensure(state.provider, this.base);
    const manager = await this.host.managerOf(state.type, state.provider);
    try {
      await manager.delete(state, this.context(state.urn, state.customTimeouts, "delete"));
    } catch (error) {
      throw withWayOut(error, state, this.journal.resources, (urn) => this.isCondemned(urn));
    }
  }

  /** Leaves a resource as it is, after its dependencies: the state lists dependencies first. */
  keep(old: ResourceState): void {
    if (this.operated.has(old.urn)) return;
    this.operated.add(old.urn);
    for (const urn of dependenciesOf(old)) {
      const dependency = this.olds.get(urn);
      if (dependency && !this.isOperatedOn(urn)) this.keep(dependency);
    }
    this.journal.put(old, old);
    this.current.set(old.urn, old);
    const step = stepOf("same", old, old);
    this.sink({ kind: "begin", step });
    this.sink({ kind: "done", step, seconds: 0 });
  }
}
