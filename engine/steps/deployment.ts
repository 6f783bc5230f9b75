/**
 * One operation on one stack: takes what the program registers, finds out what has to happen to each resource, has it
 * done, and in the end deletes what is no longer wanted. Registrations run side by side; the program itself waits for
 * what it depends on.
 */
import { UNKNOWN, type CreateContext, type Diff, type StepContext } from "../providers/provider";
import type { Journal } from "../state/journal";
import {
  dependenciesOf,
  isProviderType,
  parseReference,
  type ResourceState,
} from "../state/resource";
import { parsePath, resetPath } from "../values/path";
import { deepEquals, hasUnknown, isSecret, markKeys, type PropertyMap } from "../values/property";
import { Aliases } from "./aliases";
import { decide, replaceFor, unchanged, type Decision } from "./diff";
import type { Op, Sink, Step } from "./events";
import { emptyGoal, stateOf, type Goal } from "./goal";
import { Halted, StepFailed } from "./halt";
import { unconfigured, type Manager } from "./manager";
import { packageOf, providerPackage, type ProviderHost } from "./provider-host";
import { ProtectedResource, type Runner } from "./runner";
import type { Targets } from "./targets";
import { isDefaultProvider, makeUrn, STACK_TYPE } from "./urn";

export interface DeploymentOptions {
  project: string;
  stack: string;
  preview: boolean;
  targets: Targets;
  /** Configuration of a package, `docker:host` say, for its default provider. */
  packageConfig: (name: string) => PropertyMap;
  /** To be called when a resource of the state was changed in place. */
  forget: (state: ResourceState) => void;
}

/** What the program is told. */
export interface Registered {
  state: ResourceState;
  result: "success" | "failed" | "skipped";
}

type Action = () => Promise<Registered>;

export class Deployment {
  readonly news = new Map<string, ResourceState>();
  private readonly seen = new Set<string>();
  private readonly olds: Map<string, ResourceState>;
  private readonly aliases: Aliases;
  private readonly steps = new Map<string, Step>();
  private readonly defaults = new Map<string, Promise<string>>();
  /** URNs that this run has dealt with, or keeps. What is not among them in the end is deleted. */
  private readonly operated = new Set<string>();
  private readonly replaced = new Set<string>();
  /** URNs deleted, or to be deleted, in this run. */
  private readonly deleted = new Set<string>();
  /** Deleted ahead of time, since what they depend on is replaced. */
  private readonly gone = new Map<ResourceState, Promise<void>>();
  private readonly dependentKeys = new Map<string, string[]>();
  private readonly skippedCreates = new Set<string>();
  private stackOutputs: PropertyMap | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly base: readonly ResourceState[],
    private readonly options: DeploymentOptions,
    private readonly host: ProviderHost,
    private readonly runner: Runner,
    private readonly journal: Journal,
    private readonly sink: Sink,
  ) {
    this.olds = new Map(base.filter((r) => !r.delete).map((r) => [r.urn, r]));
    this.aliases = new Aliases(options.stack, options.project);
  }

  /** URNs that the program has registered. */
  get registered(): ReadonlySet<string> {
    return this.seen;
  }

  /** Resolves when the resource is as wanted. Throws Halted when the operation is stopping. */
  async register(goal: Goal): Promise<Registered> {
    this.runner.throwIfHalted();
    const { stack, project } = this.options;
    const urn = makeUrn(stack, project, goal.parent, goal.type, goal.name);
    return this.guard(goal, urn, () => this.registerUrn(goal, urn));
  }

  private async guard(
    goal: Goal,
    urn: string,
    work: () => Promise<Registered>,
  ): Promise<Registered> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Halted || this.runner.halted) throw new Halted();
      if (error instanceof StepFailed) {
        // Also where it was another resource's step that failed, one that had to go first.
        this.runner.failedUrns.add(urn);
        return { state: stateOf(goal, urn, undefined), result: "failed" };
      }
      this.runner.fail(error instanceof Error ? error.message : String(error), urn);
      throw new Halted();
    }
  }

  private async registerUrn(goal: Goal, urn: string): Promise<Registered> {
    this.claim(goal, urn);
    const act = await this.inTurn(() => this.generate(goal, urn));
    return act();
  }

  /** One decision at a time: each counts on what those before it have decided. What follows runs side by side. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }

  /** Decides, and resolves to what is to be done. */
  private async generate(goal: Goal, urn: string): Promise<Action> {
    this.runner.throwIfHalted();
    const { old, alias } = this.aliases.findOld(urn, goal, this.olds, this.seen);
    const state = stateOf(goal, urn, old);
    if (alias) state.aliases = [alias];
    if (!this.options.targets.includes(state)) return () => this.leave(state, old);
    this.options.targets.add(urn);
    this.refuseMissingDependencies(state);
    if ([...dependenciesOf(state)].some((dep) => this.runner.failedUrns.has(dep))) {
      return () => this.skip(state);
    }

    const manager = goal.custom ? await this.host.managerOf(goal.type, goal.provider) : undefined;
    if (isImport(goal, old)) return () => this.import(goal, state, old, manager as Manager);
    const recreating = this.deleted.has(urn);
    const known = recreating || old?.external ? undefined : old;
    const wanted = known ? ignoreChanges(goal, known.inputs) : goal.inputs;
    state.inputs = manager ? await this.check(manager, state, known?.inputs, wanted) : wanted;
    this.operated.add(urn);
    if (old && recreating) {
      const keys = this.dependentKeys.get(urn) ?? [];
      const gone = this.gone.get(old);
      return async () => {
        await gone;
        return this.replaceWith(old, state, manager, { ...unchanged, replaces: keys }, false);
      };
    }
    if (old?.external) return () => this.replaceWith(old, state, manager, unchanged, true);
    if (!old) return () => this.create("create", undefined, state, manager);
    return this.choose(goal, old, state, manager);
  }

  private async choose(
    goal: Goal,
    old: ResourceState,
    state: ResourceState,
    manager: Manager | undefined,
    same: Action = () => this.same(old, state),
  ): Promise<Action> {
    const decision = await this.compare(old, state, manager);
    if (decision.replaces.length > 0 || old.pendingReplacement) {
      return this.replace(goal, old, state, manager, decision);
    }
    if (decision.changes || old.initErrors.length > 0) {
      return () => this.update(old, state, manager, decision);
    }
    return same;
  }

  private claim(goal: Goal, urn: string): void {
    if (this.seen.has(urn))
      throw new Error(`Duplicate resource URN '${urn}'; try giving it a unique name`);
    if (goal.parent && !this.seen.has(goal.parent))
      throw new Error(`could not find parent resource ${goal.parent}`);
    this.seen.add(urn);
  }

  /** Something it depends on failed: it stays as it is. */
  private skip(state: ResourceState): Promise<Registered> {
    this.runner.failedUrns.add(state.urn);
    this.operated.add(state.urn);
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

  private async compare(
    old: ResourceState,
    state: ResourceState,
    manager: Manager | undefined,
  ): Promise<Decision> {
    if (old.taint) return replaceFor("id");
    if (state.deletedWith && this.replaced.has(state.deletedWith)) return replaceFor("deletedWith");
    if (await this.providerChanged(old, state)) return replaceFor("provider");
    const { inputs } = state;
    if (!manager)
      return deepEquals(old.inputs, inputs)
        ? unchanged
        : decide(SOME, old.inputs, inputs, COMPONENT);
    return decide(await manager.diff(old, inputs), old.inputs, inputs, {
      replaceOnChanges: state.replaceOnChanges,
      hasInitErrors: old.initErrors.length > 0,
      trust: manager !== unconfigured,
    });
  }

  /** Another provider means another resource only where the provider says so of its configuration. */
  private async providerChanged(old: ResourceState, state: ResourceState): Promise<boolean> {
    if ((old.provider ?? "") === (state.provider ?? "")) return false;
    if (!old.provider || !state.provider) return true;
    const oldUrn = parseReference(old.provider).urn;
    const newUrn = parseReference(state.provider).urn;
    if (this.aliases.taken.get(oldUrn) === newUrn) return false;
    const before = this.base.find((r) => r.urn === oldUrn);
    const now = this.news.get(newUrn);
    if (!before || !now) throw new Error(`failed to resolve provider reference ${state.provider}`);
    if (providerPackage(oldUrn) !== providerPackage(newUrn)) return true;
    return (await this.host.diffConfig(before.inputs, now.type, now.inputs)).replaces.length > 0;
  }

  private same(old: ResourceState, state: ResourceState): Promise<Registered> {
    return this.conclude(state, async () => {
      if (old.id !== undefined) state.id = old.id;
      const secret = Object.keys(state.inputs).filter((key) => isSecret(state.inputs[key]));
      const outputs = markKeys(old.outputs, [...state.additionalSecretOutputs, ...secret]);
      state.outputs = deepEquals(outputs, old.outputs) ? old.outputs : outputs;
      if (deepEquals(state.inputs, old.inputs)) state.inputs = old.inputs;
      if (isProviderType(state.type)) await this.host.start({ ...state, inputs: old.inputs });
      const step = this.step("same", old, state);
      this.sink({ kind: "begin", step });
      this.journal.put(old, state);
      // What only moved in the source does not cost a write of its own.
      if (!sameButForPosition(old, state)) await this.journal.settle();
      this.sink({ kind: "done", step, seconds: 0 });
      return step;
    });
  }

  private create(
    op: Op,
    old: ResourceState | undefined,
    state: ResourceState,
    manager: Manager | undefined,
    extra: Partial<Step> = {},
    /** The replaced resource is still there, and goes in the end. */
    deleteLater?: ResourceState,
  ): Promise<Registered> {
    return this.conclude(state, async () => {
      const step = { ...this.step(op, old, state), ...extra };
      const work = async (): Promise<void> => {
        if (manager)
          await manager.create(state, this.createContext(state, state.customTimeouts.create));
        state.created = state.modified = new Date().toISOString();
      };
      await this.runner.run(step, state.custom ? "creating" : undefined, work, () => {
        if (deleteLater) {
          deleteLater.delete = true;
          this.options.forget(deleteLater);
        }
        this.journal.put(old?.pendingReplacement ? old : undefined, state);
      });
      return step;
    });
  }

  private update(
    old: ResourceState,
    state: ResourceState,
    manager: Manager | undefined,
    { diffs, detailed }: Decision,
  ): Promise<Registered> {
    return this.conclude(state, async () => {
      if (old.id !== undefined) state.id = old.id;
      const step = { ...this.step("update", old, state), diffs, detailed };
      const work = async (): Promise<void> => {
        if (!manager) {
          state.outputs = old.outputs;
          return;
        }
        await manager.update(old, state, this.createContext(state, state.customTimeouts.update));
        state.modified = new Date().toISOString();
      };
      await this.runner.run(step, state.custom ? "updating" : undefined, work, () => {
        // After a partial failure the resource is not there with the new inputs.
        if (state.initErrors.length > 0) state.inputs = old.inputs;
        this.journal.put(old, state);
      });
      return step;
    });
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
          "remove the `protect` flag from the resource in your Pulumi program and run `up`",
      );
    }
    if (goal.importId) {
      throw new Error(
        "previously-imported resources that still specify an ID may not be replaced; please remove the `import` " +
          `declaration from your program (changed: ${decision.replaces.join(", ")})`,
      );
    }
    this.replaced.add(state.urn);
    // Defaults are not carried over from a resource that goes.
    if (manager) state.inputs = await this.check(manager, state, undefined, goal.inputs);
    const deleteFirst = goal.deleteBeforeReplace ?? decision.deleteBeforeReplace;
    if (!deleteFirst && !old.pendingReplacement) {
      return () => this.replaceWith(old, state, manager, decision, true);
    }
    const dependents = await this.dependentReplacements(old);
    for (const { state: dependent, keys } of dependents)
      this.dependentKeys.set(dependent.urn, keys);
    const doomed = dependents.map((d) => d.state).reverse();
    const gone = this.deleteAhead(old.pendingReplacement ? doomed : [...doomed, old], state.urn);
    this.deleted.delete(old.urn);
    return async () => {
      await gone;
      return this.replaceWith(old, state, manager, decision, false);
    };
  }

  private async replaceWith(
    old: ResourceState,
    state: ResourceState,
    manager: Manager | undefined,
    { replaces, diffs, detailed }: Decision,
    deleteLater: boolean,
  ): Promise<Registered> {
    this.replaced.add(state.urn);
    this.deleted.delete(state.urn);
    const how = { keys: replaces, diffs, detailed };
    const step = { ...this.step("replace", old, state), ...how };
    const shown = { ...how, logical: false };
    const result = await this.create(
      "create-replacement",
      old,
      state,
      manager,
      shown,
      deleteLater ? old : undefined,
    );
    if (result.result === "success") {
      this.sink({ kind: "begin", step });
      this.sink({ kind: "done", step, seconds: 0 });
    }
    return result;
  }

  /** What else has to go before `root` can: dependents that a change of it would replace. In the order of the state. */
  private async dependentReplacements(
    root: ResourceState,
  ): Promise<{ state: ResourceState; keys: string[] }[]> {
    const found: { state: ResourceState; keys: string[] }[] = [];
    const dependents = new Set([root.urn]);
    const replaced = new Set([root.urn]);
    for (const state of this.base.slice(this.base.indexOf(root) + 1)) {
      // What was registered in this run already cannot depend on what is only being replaced now.
      if (this.operated.has(state.urn) || this.replaced.has(state.urn)) continue;
      if (![...dependenciesOf(state)].some((urn) => dependents.has(urn) && urn !== state.parent))
        continue;
      dependents.add(state.urn);
      const keys = await this.replacementKeys(state, replaced);
      if (!keys) continue;
      replaced.add(state.urn);
      found.push({ state, keys });
    }
    return found;
  }

  /** Undefined: the resource can stay. Asked of the provider, with the properties in question unknown. */
  private async replacementKeys(
    state: ResourceState,
    replaced: Set<string>,
  ): Promise<string[] | undefined> {
    if (!state.custom || state.external) return undefined;
    if (state.provider && replaced.has(parseReference(state.provider).urn)) {
      await this.host.ensure(state.provider, this.base);
      return [];
    }
    if (state.deletedWith && replaced.has(state.deletedWith)) return [];
    const unknown = Object.entries(state.propertyDependencies)
      .filter(([key, urns]) => key in state.inputs && urns.some((urn) => replaced.has(urn)))
      .map(([key]) => [key, UNKNOWN] as const);
    if (unknown.length === 0) return undefined;
    await this.host.ensure(state.provider, this.base);
    const manager = await this.host.managerOf(state.type, state.provider);
    const news = { ...state.inputs, ...Object.fromEntries(unknown) };
    const { replaces } = decide(await manager.diff(state, news), state.inputs, news, {
      replaceOnChanges: state.replaceOnChanges,
      hasInitErrors: false,
      trust: manager !== unconfigured,
    });
    return replaces.length > 0 ? replaces : undefined;
  }

  /** Deletes one after the other, before the replacement is there. */
  private deleteAhead(states: ResourceState[], root: string): Promise<unknown> {
    const protectedOne = states.find((state) => state.protect && state.urn !== root);
    if (protectedOne) {
      throw new Error(
        `unable to replace resource "${protectedOne.urn}" as part of replacing "${root}" as it is currently marked for ` +
          "protection. To unprotect the resource, remove the `protect` flag from the resource in your Pulumi program " +
          `and run \`up\`, or use the command:\n\`pulumi state unprotect '${protectedOne.urn}'\``,
      );
    }
    let before: Promise<unknown> = Promise.resolve();
    for (const state of states) {
      const work = this.gone.get(state) ?? before.then(() => this.deleteOneAhead(state));
      work.catch(() => undefined);
      this.gone.set(state, work);
      // A leftover of a former replacement shares its URN with the resource that lives.
      if (!state.delete) this.deleted.add(state.urn);
      before = Promise.all([before, work]);
    }
    before.catch(() => undefined);
    return before;
  }

  /** The state remembers that the create is still to come. */
  private deleteOneAhead(state: ResourceState): Promise<void> {
    const step = { ...this.step("delete-replaced", state, undefined), logical: false };
    const commit = (): void => {
      if (state.delete) this.journal.put(state, undefined);
      else state.pendingReplacement = true;
      this.options.forget(state);
      this.journal.touch();
    };
    return this.runner.run(step, "deleting", () => this.remove(state), commit);
  }

  private async remove(state: ResourceState): Promise<void> {
    const spared =
      this.options.preview ||
      state.external ||
      state.retainOnDelete ||
      !state.custom ||
      (state.deletedWith !== undefined && this.deleted.has(state.deletedWith));
    if (spared) return;
    await this.host.ensure(state.provider, this.base);
    const manager = await this.host.managerOf(state.type, state.provider);
    await manager.delete(state, this.context(state.urn, state.customTimeouts.delete));
  }

  private async import(
    goal: Goal,
    state: ResourceState,
    old: ResourceState | undefined,
    manager: Manager,
  ): Promise<Registered> {
    const op = old ? "import-replacement" : "import";
    const asked: ResourceState = { ...state, id: goal.importId, inputs: {}, outputs: {} };
    let found: ResourceState = asked;
    const step = this.step(op, old, asked);
    const work = async (): Promise<void> => {
      const read = await manager.read(asked, this.context(state.urn));
      if (!read) throw new Error(`resource '${goal.importId}' does not exist`);
      found = step.new = {
        ...read,
        created: new Date().toISOString(),
        modified: new Date().toISOString(),
      };
    };
    await this.runner.run(step, "importing", work, () => {
      if (old) {
        old.delete = true;
        this.options.forget(old);
      }
      this.journal.put(undefined, found);
    });
    state.created = found.created;
    const act = await this.inTurn(async () => {
      const wanted = ignoreChanges(goal, found.inputs);
      state.inputs = await this.check(manager, state, found.inputs, wanted);
      const asFound = (): Promise<Registered> => this.conclude(found, () => Promise.resolve(step));
      return this.choose(goal, found, state, manager, asFound);
    });
    return act();
  }

  /** Not a target: it stays as it is, after whatever it needs. */
  private async leave(state: ResourceState, old: ResourceState | undefined): Promise<Registered> {
    if (!old) {
      this.skippedCreates.add(state.urn);
      this.operated.add(state.urn);
      return { state, result: "success" };
    }
    this.keep(old);
    await this.host.ensure(old.provider, this.base);
    return { state: old, result: "success" };
  }

  private keep(old: ResourceState): void {
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

  private refuseMissingDependencies(state: ResourceState): void {
    for (const urn of dependenciesOf(state)) {
      if (!this.skippedCreates.has(urn)) continue;
      throw new Error(
        `Resource '${state.urn}' depends on '${urn}' which was not specified in --target list.`,
      );
    }
  }

  private async conclude(state: ResourceState, work: () => Promise<Step>): Promise<Registered> {
    this.operated.add(state.urn);
    const step = await work();
    this.news.set(state.urn, state);
    this.steps.set(state.urn, step);
    return { state, result: "success" };
  }

  /** Reads what is not this stack's own. */
  async read(goal: Goal, id: string): Promise<Registered> {
    this.runner.throwIfHalted();
    const { stack, project } = this.options;
    const urn = makeUrn(stack, project, goal.parent, goal.type, goal.name);
    return this.guard(goal, urn, async () => {
      this.claim(goal, urn);
      const old = this.olds.get(urn);
      const state: ResourceState = { ...stateOf(goal, urn, old), id, external: true };
      const manager = await this.host.managerOf(goal.type, goal.provider);
      const replacing = old !== undefined && !old.external;
      const step = this.step(replacing ? "read-replacement" : "read", old, state);
      await this.runner.run(
        step,
        "reading",
        async () => {
          if (this.options.preview && id === "") return;
          const found = await manager.read(state, this.context(urn));
          if (!found) throw new Error(`resource '${id}' does not exist`);
          Object.assign(state, { id: found.id, outputs: found.outputs });
          if (!deepEquals(old?.outputs, state.outputs)) state.modified = new Date().toISOString();
        },
        () => {
          if (replacing) {
            old.delete = true;
            this.options.forget(old);
          }
          this.journal.put(replacing ? undefined : old, state);
        },
      );
      return this.conclude(state, () => Promise.resolve(step));
    });
  }

  /** The outputs of a component, or of the stack: those are set in the end, when it is known how the run went. */
  async registerOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    const state = this.news.get(urn);
    if (!state) {
      if (this.runner.failedUrns.has(urn) || this.skippedCreates.has(urn)) return;
      throw new Error(`cannot complete a resource '${urn}' whose registration isn't pending`);
    }
    // Unknown in an update is only what a failed resource should have given.
    const known = this.options.preview ? outputs : withoutUnknowns(outputs);
    if (state.type === STACK_TYPE) this.stackOutputs = known;
    else await this.setOutputs(state, known);
  }

  private async setOutputs(state: ResourceState, outputs: PropertyMap): Promise<void> {
    const step = this.steps.get(state.urn);
    if (!deepEquals(state.outputs, outputs)) {
      state.outputs = outputs;
      this.options.forget(state);
      this.journal.touch();
      if (!this.options.preview) await this.journal.settle();
    }
    if (step) this.sink({ kind: "outputs", step });
  }

  /** `complete` false: the program did not get to its end, what it did not say stays as it was. */
  async finishStack(complete: boolean): Promise<void> {
    const state = [...this.news.values()].find((s) => s.type === STACK_TYPE);
    if (!state || !this.stackOutputs) return;
    const before = this.steps.get(state.urn)?.old?.outputs ?? {};
    await this.setOutputs(
      state,
      complete ? this.stackOutputs : { ...before, ...this.stackOutputs },
    );
  }

  /** Reference of the provider for resources that name none. */
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
    goal.inputs = { ...this.options.packageConfig(name) };
    if (version !== "") Object.assign(goal.inputs, { version, __internal: {} });
    const { state, result } = await this.register(goal);
    if (result !== "success") throw new StepFailed();
    return `${state.urn}::${state.id ?? ""}`;
  }

  /** Deletes what the program did not register, and what was replaced. Throws StepFailed or Halted. */
  async finish(): Promise<void> {
    const condemned: { state: ResourceState; op: Op }[] = [];
    const allowed = this.deletionTargets();
    const needed = this.neededByFailed();
    for (const state of this.base) {
      if (this.gone.has(state) && (state.delete || this.isOperatedOn(state.urn))) continue;
      if (allowed && !allowed.has(state.urn)) {
        if (!state.delete && !this.isOperatedOn(state.urn)) this.keep(state);
      } else if (needed.has(state.urn)) {
        continue;
      } else if (state.delete) {
        condemned.push({ state, op: state.external ? "discard-replaced" : "delete-replaced" });
      } else if (!this.isOperatedOn(state.urn)) {
        const op = state.pendingReplacement
          ? "remove-pending-replace"
          : state.external
            ? "discard"
            : "delete";
        condemned.push({ state, op });
      }
    }
    condemned.forEach(({ state }) => this.deleted.add(state.urn));
    await this.deleteAll(condemned);
  }

  /** What failed or was skipped is there as it was, and so must be all that its old state depends on. */
  private neededByFailed(): Set<string> {
    const needed = new Set<string>();
    for (const state of [...this.base].reverse()) {
      const failed = [state.urn, this.aliases.taken.get(state.urn) ?? ""].some((urn) =>
        this.runner.failedUrns.has(urn),
      );
      if (failed || needed.has(state.urn)) dependenciesOf(state).forEach((urn) => needed.add(urn));
    }
    return needed;
  }

  private isOperatedOn(urn: string): boolean {
    return this.operated.has(urn) || this.operated.has(this.aliases.taken.get(urn) ?? "");
  }

  /** With targets: they and what depends on them. Throws for dependents that were not named. */
  private deletionTargets(): Set<string> | undefined {
    const { targets } = this.options;
    if (!targets.constrained) return undefined;
    const allowed = new Set<string>();
    const unnamed: string[] = [];
    for (const state of this.base) {
      const named = targets.names(state.urn);
      if (!named && ![...dependenciesOf(state)].some((urn) => allowed.has(urn))) continue;
      allowed.add(state.urn);
      const condemned = state.delete || !this.isOperatedOn(state.urn);
      if (condemned && !named && !targets.dependents) unnamed.push(state.urn);
    }
    if (unnamed.length === 0) return allowed;
    throw new Error(
      unnamed
        .map(
          (urn) =>
            `Resource '${urn}' will be destroyed but was not specified in --target list.\n` +
            "Either include resource in --target list or pass --target-dependents to proceed.",
        )
        .join("\n"),
    );
  }

  /** Each as soon as all that depends on it is gone. */
  private async deleteAll(condemned: { state: ResourceState; op: Op }[]): Promise<void> {
    const dependents = new Map<string, number[]>();
    condemned.forEach(({ state }, index) => {
      for (const urn of dependenciesOf(state))
        dependents.set(urn, [...(dependents.get(urn) ?? []), index]);
    });
    const results: Promise<boolean>[] = [];
    // From the end of the list: a dependent comes after what it depends on, so its promise is there already.
    for (const [index, { state, op }] of [...condemned.entries()].reverse()) {
      const later = (dependents.get(state.urn) ?? []).filter((i) => i > index);
      results[index] = Promise.all(later.map((i) => results[i] ?? Promise.resolve(true))).then(
        (all) => (all.every(Boolean) ? this.deleteOne(state, op) : false),
      );
    }
    if ((await Promise.all(results)).includes(false)) throw new StepFailed();
  }

  /** False: it is still there. */
  private async deleteOne(state: ResourceState, op: Op): Promise<boolean> {
    const replacing = op === "delete-replaced" || op === "discard-replaced";
    const step = {
      ...this.step(op, state, undefined),
      logical: op === "delete" || op === "discard",
    };
    const work = async (): Promise<void> => {
      if (op === "remove-pending-replace") return;
      if (state.protect && !replacing) throw new ProtectedResource(state.urn);
      await this.remove(state);
    };
    try {
      const pending = state.custom && op !== "remove-pending-replace" ? "deleting" : undefined;
      await this.runner.run(step, pending, work, () => this.journal.put(state, undefined));
      return true;
    } catch (error) {
      if (error instanceof StepFailed || error instanceof Halted) return false;
      throw error;
    }
  }

  private step(op: Op, old: ResourceState | undefined, now: ResourceState | undefined): Step {
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

  private createContext(state: ResourceState, timeoutSeconds?: number): CreateContext {
    return { ...this.context(state.urn, timeoutSeconds), preview: this.options.preview };
  }

  private context(urn: string, timeoutSeconds?: number): StepContext {
    const signals = [this.runner.options.terminate];
    if (timeoutSeconds) signals.push(AbortSignal.timeout(timeoutSeconds * 1000));
    return {
      urn,
      signal: AbortSignal.any(signals),
      log: (severity, text, ephemeral = false) =>
        this.sink({ kind: "message", severity, text, urn, ephemeral }),
      ...(timeoutSeconds ? { timeoutSeconds } : {}),
    };
  }
}

const SOME: Diff = { changes: "some", replaces: [] };
const COMPONENT = { replaceOnChanges: [], hasInitErrors: false, trust: true };

function isImport(goal: Goal, old: ResourceState | undefined): boolean {
  if (!goal.custom || goal.importId === "") return false;
  return !old || old.external === true || (old.importID ?? old.id) !== goal.importId;
}

function withoutUnknowns(map: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => !hasUnknown(value)));
}

function ignoreChanges(goal: Goal, olds: PropertyMap): PropertyMap {
  return goal.ignoreChanges.reduce(
    (news, path) => resetPath(news, olds, parsePath(path)),
    goal.inputs,
  );
}

function sameButForPosition(a: ResourceState, b: ResourceState): boolean {
  const rest = (s: ResourceState): unknown => ({
    ...s,
    inputs: undefined,
    outputs: undefined,
    sourcePosition: undefined,
    stackTrace: undefined,
    dependencies: [...s.dependencies].sort(),
    propertyDependencies: Object.entries(s.propertyDependencies).sort(),
    // The parser leaves out what is false.
    protect: s.protect ?? false,
    retainOnDelete: s.retainOnDelete ?? false,
  });
  const text = (s: ResourceState): string =>
    JSON.stringify(Object.entries(rest(s) as object).sort());
  return a.inputs === b.inputs && a.outputs === b.outputs && text(a) === text(b);
}
