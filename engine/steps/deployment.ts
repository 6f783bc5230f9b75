/**
 * Handles the resources that the program registers. Each registration is decided on in turn, then carried out in
 * parallel with others. The program itself waits for dependencies.
 */
import { dependenciesOf, type ResourceState } from "../state/resource";
import type { PropertyMap } from "../values/property";
import { compare } from "./compare";
import { ComponentOutputs } from "./component-outputs";
import { Deletions } from "./deletions";
import { unchanged, type Decision } from "./diff";
import { emptyGoal, stateOf, type Goal } from "./goal";
import { Halted, StepFailed } from "./halt";
import { ignoreChanges } from "./ignore-changes";
import type { Manager } from "./manager";
import type { Progress, Registered } from "./progress";
import { packageOf } from "./provider-host";
import { Replacements } from "./replacements";
import { ResourceSteps } from "./resource-steps";
import { makeUrn } from "./urn";

type Action = () => Promise<Registered>;

export class Deployment {
  readonly outputs: ComponentOutputs;
  private readonly does: ResourceSteps;
  private readonly replacements: Replacements;
  private readonly seen = new Set<string>();
  private readonly defaults = new Map<string, Promise<string>>();
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly progress: Progress) {
    this.outputs = new ComponentOutputs(progress);
    this.does = new ResourceSteps(progress);
    this.replacements = new Replacements(progress);
  }

  /** URNs that the program has registered. */
  get registered(): ReadonlySet<string> {
    return this.seen;
  }

  /** Resolves when the resource is as requested. Throws Halted when the operation is stopping. */
  register(goal: Goal): Promise<Registered> {
    return this.guard(goal, async (urn) => {
      const act = await this.inTurn(() => this.generate(goal, urn));
      return act();
    });
  }

  /** Reads a resource that this stack does not own. */
  read(goal: Goal, id: string): Promise<Registered> {
    return this.guard(goal, async (urn) => {
      const { old, alias } = this.findOld(goal, urn);
      const state: ResourceState = { ...stateOf(goal, urn, old), id, external: true };
      if (alias) state.aliases = [alias];
      if (this.dependsOnFailed(state)) return this.skip(state);
      const manager = await this.progress.host.managerOf(goal.type, goal.provider);
      return this.does.read(id, old, state, manager);
    });
  }

  /**
   * Deletes the resources that the program did not register, and those that were replaced. Throws StepFailed or Halted.
   */
  finish(): Promise<void> {
    return new Deletions(this.progress, this.replacements).run();
  }

  private async guard(goal: Goal, work: (urn: string) => Promise<Registered>): Promise<Registered> {
    this.progress.runner.throwIfHalted();
    const { stack, project } = this.progress.options;
    const urn = makeUrn(stack, project, goal.parent, goal.type, goal.name);
    try {
      this.claim(goal, urn);
      return await work(urn);
    } catch (error) {
      if (error instanceof Halted || this.progress.runner.halted) throw new Halted();
      if (error instanceof StepFailed) {
        // Also if the failed step was another resource's, one that had to be deleted first.
        this.progress.runner.giveUp(urn);
        return { state: stateOf(goal, urn, undefined), result: "failed" };
      }
      this.progress.runner.fail(error instanceof Error ? error.message : String(error), urn);
      throw new Halted();
    }
  }

  /** Makes one decision at a time: each depends on the earlier ones. The work that follows runs in parallel. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }

  /** Decides, and resolves to the action. */
  private async generate(goal: Goal, urn: string): Promise<Action> {
    this.progress.runner.throwIfHalted();
    const { old: before, alias } = this.findOld(goal, urn);
    let state = stateOf(goal, urn, before);
    if (alias) state.aliases = [alias];
    // A resource that was deleted because of a target must be created again, even if it is not a target.
    const recreating = this.progress.isCondemned(urn);
    const isTarget = this.progress.options.targets.includes(state);
    if (!isTarget && !recreating) return () => this.leave(state, before);
    if (isTarget) this.progress.options.targets.add(state);
    if (this.dependsOnFailed(state)) return () => this.skip(state);

    const manager = goal.custom
      ? await this.progress.host.managerOf(goal.type, goal.provider)
      : undefined;
    const isGone =
      before && manager && !recreating && !(await this.progress.readNow(before, manager));
    const old = isGone ? undefined : before;
    if (isGone) state = { ...stateOf(goal, urn, undefined), aliases: state.aliases };
    if (isImport(goal, old)) {
      this.refuseMissingDependencies(state);
      return () => this.import(goal, state, old, manager as Manager);
    }
    const known = recreating || old?.external ? undefined : old;
    const wanted = known ? this.ignoreChanges(goal, urn, known.inputs) : goal.inputs;
    if (!isTarget && old) state.inputs = old.inputs;
    else state.inputs = manager ? await this.check(manager, state, known?.inputs, wanted) : wanted;
    this.refuseMissingDependencies(state);
    this.progress.operateOn(urn);
    if (old && recreating) {
      const keys = this.replacements.keysOf(urn);
      const gone = this.replacements.deletion(old);
      return async () => {
        await gone;
        return this.does.replaceWith(old, state, manager, { ...unchanged, replaces: keys }, false);
      };
    }
    if (old?.external) return () => this.does.replaceWith(old, state, manager, unchanged, true);
    if (!old) return () => this.does.create("create", isGone ? before : undefined, state, manager);
    return this.choose(goal, old, state, manager);
  }

  private async choose(
    goal: Goal,
    old: ResourceState,
    state: ResourceState,
    manager: Manager | undefined,
    same: Action = () => this.does.same(old, state),
  ): Promise<Action> {
    const decision = await compare(this.progress, old, state, manager);
    if (decision.replaces.length > 0 || old.pendingReplacement) {
      return this.replace(goal, old, state, manager, decision);
    }
    if (decision.changes || old.initErrors.length > 0) {
      return () => this.does.update(old, state, manager, decision);
    }
    return same;
  }

  private ignoreChanges(goal: Goal, urn: string, olds: PropertyMap): PropertyMap {
    return ignoreChanges(goal.inputs, olds, goal.ignoreChanges, this.progress.context(urn));
  }

  private claim(goal: Goal, urn: string): void {
    if (this.seen.has(urn))
      throw new Error(`Duplicate resource URN '${urn}'; try giving it a unique name`);
    if (goal.parent && !this.seen.has(goal.parent))
      throw new Error(`could not find parent resource ${goal.parent}`);
    this.seen.add(urn);
  }

  private findOld(goal: Goal, urn: string): { old?: ResourceState; alias?: string } {
    return this.progress.aliases.findOld(urn, goal, this.progress.olds, this.seen);
  }

  private dependsOnFailed(state: ResourceState): boolean {
    return [...dependenciesOf(state)].some((urn) => this.progress.runner.hasFailed(urn));
  }

  /** A dependency of it failed: the resource stays as it is. */
  private skip(state: ResourceState): Promise<Registered> {
    this.progress.runner.giveUp(state.urn);
    this.progress.operateOn(state.urn);
    return Promise.resolve({ state, result: "skipped" });
  }

  private async check(
    manager: Manager,
    state: ResourceState,
    olds: PropertyMap | undefined,
    news: PropertyMap,
  ): Promise<PropertyMap> {
    const { inputs, failures } = await manager.check(state, olds, news);
    if (failures.length === 0) return inputs;
    throw new Error(
      failures
        .map(({ property, reason }) => {
          const where = property === "" ? "" : `: property ${property} value has a problem`;
          return `${state.type} resource '${state.urn.split("::").at(-1)}' has a problem${where}: ${reason}`;
        })
        .join("\n"),
    );
  }

  private async replace(
    goal: Goal,
    old: ResourceState,
    state: ResourceState,
    manager: Manager | undefined,
    decision: Decision,
  ): Promise<Action> {
    if (state.protect && old.protect) {
      throw new Error(
        `unable to replace resource "${state.urn}"\nas it is currently marked for protection. To unprotect the resource, ` +
          "remove the `protect` flag from the resource in your Pulumi program and run `npm run up`",
      );
    }
    if (goal.importId) {
      throw new Error(
        "previously-imported resources that still specify an ID may not be replaced; please remove the `import` " +
          `declaration from your program (changed: ${decision.replaces.join(", ")})`,
      );
    }
    this.progress.replace(state.urn);
    // Defaults are not carried over from a deleted resource.
    if (manager) state.inputs = await this.check(manager, state, undefined, goal.inputs);
    const deleteFirst = goal.deleteBeforeReplace ?? decision.deleteBeforeReplace;
    if (!deleteFirst && !old.pendingReplacement) {
      return () => this.does.replaceWith(old, state, manager, decision, true);
    }
    const { gone } = await this.replacements.deleteFirst(old);
    return async () => {
      await gone;
      return this.does.replaceWith(old, state, manager, decision, false);
    };
  }

  private async import(
    goal: Goal,
    state: ResourceState,
    old: ResourceState | undefined,
    manager: Manager,
  ): Promise<Registered> {
    const { found, step } = await this.does.import(goal.importId, old, state, manager);
    if (found.created) state.created = found.created;
    const act = await this.inTurn(async () => {
      const wanted = this.ignoreChanges(goal, state.urn, found.inputs);
      state.inputs = await this.check(manager, state, found.inputs, wanted);
      const asFound = (): Promise<Registered> =>
        this.does.conclude(found, () => Promise.resolve(step));
      return this.choose(goal, found, state, manager, asFound);
    });
    return act();
  }

  /** Not a target: the resource stays as it is, after its dependencies. */
  private async leave(state: ResourceState, old: ResourceState | undefined): Promise<Registered> {
    if (!old) {
      this.progress.leaveOut(state.urn);
      return { state, result: "success" };
    }
    this.progress.keep(old);
    await this.progress.host.ensure(old.provider, this.progress.base);
    return { state: old, result: "success" };
  }

  private refuseMissingDependencies(state: ResourceState): void {
    for (const urn of dependenciesOf(state)) {
      if (!this.progress.isLeftOut(urn)) continue;
      throw new Error(
        `Resource '${state.urn}' depends on '${urn}' which was not specified in --target list.`,
      );
    }
  }

  /** The provider reference for resources that name none. */
  async defaultProvider(token: string, version: string): Promise<string> {
    const name = packageOf(token);
    const key = `${name}@${version}`;
    let reference = this.defaults.get(key);
    if (!reference) {
      reference = this.registerDefault(name, version);
      this.defaults.set(key, reference);
    }
    return reference;
  }

  private async registerDefault(name: string, version: string): Promise<string> {
    const suffix = version === "" ? "" : `_${version.replace(/[^A-Za-z0-9]/g, "_")}`;
    const goal = emptyGoal(`pulumi:providers:${name}`, `default${suffix}`, true);
    goal.inputs = { ...this.progress.options.packageConfig(name) };
    if (version !== "") Object.assign(goal.inputs, { version, __internal: {} });
    const { state, result } = await this.register(goal);
    if (result !== "success") throw new StepFailed();
    return `${state.urn}::${state.id ?? ""}`;
  }
}

function isImport(goal: Goal, old: ResourceState | undefined): boolean {
  if (!goal.custom || goal.importId === "") return false;
  return !old || old.external === true || (old.importID ?? old.id) !== goal.importId;
}
