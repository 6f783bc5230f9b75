/** Finds and deletes the dependents that must go before a resource that is replaced delete-first. */
import { UNKNOWN } from "../providers/provider";
import { parseReference, usedBy, type ResourceState } from "../state/resource";
import { decide } from "./diff";
import { stepOf } from "./events";
import { unconfigured } from "./manager";
import type { Progress } from "./progress";

export class Replacements {
  /** For each dependent's URN, the properties that require its replacement. */
  private readonly keys = new Map<string, string[]>();
  private readonly gone = new Map<ResourceState, Promise<void>>();

  constructor(private readonly progress: Progress) {}

  /** The properties that require the replacement, if the resource is deleted as a dependent. */
  keysOf(urn: string): string[] {
    return this.keys.get(urn) ?? [];
  }

  /** The early deletion of a dependent; undefined if there is none. */
  deletion(state: ResourceState): Promise<void> | undefined {
    return this.gone.get(state);
  }

  /** Begins to delete `old` and the dependents that would be replaced with it. Resolves when they are gone. */
  async deleteFirst(old: ResourceState): Promise<{ gone: Promise<unknown> }> {
    const dependents = await this.dependentReplacements(old);
    for (const { state, keys } of dependents) this.keys.set(state.urn, keys);
    const doomed = dependents.map((d) => d.state).reverse();
    const gone = this.deleteAhead([...doomed, old], old.urn);
    this.progress.pardon(old.urn);
    return { gone };
  }

  /**
   * The dependents that must be deleted before `root`, because a change to it would replace them. In the order of the
   * state.
   */
  private async dependentReplacements(
    root: ResourceState,
  ): Promise<{ state: ResourceState; keys: string[] }[]> {
    const found: { state: ResourceState; keys: string[] }[] = [];
    const dependents = new Set([root.urn]);
    const replaced = new Set([root.urn]);
    for (const state of this.progress.base.slice(this.progress.base.indexOf(root) + 1)) {
      // A resource that this run has already registered cannot depend on one that is only now replaced.
      if (this.progress.isOperatedOn(state.urn) || this.progress.isReplaced(state.urn)) continue;
      if (![...usedBy(state)].some((urn) => dependents.has(urn))) continue;
      dependents.add(state.urn);
      const keys = await this.replacementKeys(state, replaced);
      if (!keys) continue;
      replaced.add(state.urn);
      found.push({ state, keys });
    }
    return found;
  }

  /** Undefined: the resource can stay. Asks the provider, with the properties in question unknown. */
  private async replacementKeys(
    state: ResourceState,
    replaced: Set<string>,
  ): Promise<string[] | undefined> {
    if (!state.custom || state.external) return undefined;
    if (state.provider && replaced.has(parseReference(state.provider).urn)) {
      await this.progress.host.ensure(state.provider, this.progress.base);
      return [];
    }
    if (state.deletedWith && replaced.has(state.deletedWith)) return [];
    const unknown = Object.entries(state.propertyDependencies)
      .filter(([key, urns]) => key in state.inputs && urns.some((urn) => replaced.has(urn)))
      .map(([key]) => [key, UNKNOWN] as const);
    if (unknown.length === 0) return undefined;
    await this.progress.host.ensure(state.provider, this.progress.base);
    const manager = await this.progress.host.managerOf(state.type, state.provider);
    const news = { ...state.inputs, ...Object.fromEntries(unknown) };
    const { replaces } = decide(await manager.diff(state, news), state.inputs, news, {
      replaceOnChanges: state.replaceOnChanges,
      trust: manager !== unconfigured,
    });
    return replaces.length > 0 ? replaces : undefined;
  }

  /** Deletes the resources one by one, before the replacement exists. */
  private deleteAhead(states: ResourceState[], root: string): Promise<unknown> {
    const protectedOne = states.find((state) => state.protect && state.urn !== root);
    if (protectedOne) {
      throw new Error(
        `unable to replace resource "${protectedOne.urn}" as part of replacing "${root}" as it is currently marked for ` +
          "protection. To unprotect the resource, remove the `protect` flag from the resource in your Pulumi program " +
          `and run \`npm run up\`, or use the command:\n\`npm run state -- unprotect '${protectedOne.urn}'\``,
      );
    }
    let before: Promise<unknown> = Promise.resolve();
    for (const state of states) {
      const work = this.gone.get(state) ?? before.then(() => this.deleteOneAhead(state));
      work.catch(() => undefined);
      this.gone.set(state, work);
      // A leftover of an earlier replacement shares its URN with the live resource.
      if (!state.delete) this.progress.condemn(state.urn);
      before = Promise.all([before, work]);
    }
    before.catch(() => undefined);
    return before;
  }

  /** Records in the state that the create is still to come. An earlier run can have done this already. */
  private async deleteOneAhead(state: ResourceState): Promise<void> {
    if (state.pendingReplacement) return;
    const step = { ...stepOf("delete-replaced", state, undefined), logical: false };
    const commit = (): void => {
      if (state.delete) this.progress.journal.put(state, undefined);
      else state.pendingReplacement = true;
      this.progress.options.forget(state);
      this.progress.journal.touch();
    };
    await this.progress.runner.run(step, "deleting", () => this.progress.remove(state), commit);
  }
}
