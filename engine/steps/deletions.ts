/** The end of an operation: deletes the resources that the program did not register, and those that were replaced. */
import { dependenciesOf, type ResourceState } from "../state/resource";
import { said, stepOf, type Op } from "./events";
import { Halted, StepFailed } from "./halt";
import type { Progress } from "./progress";
import type { Replacements } from "./replacements";
import { ProtectedResource } from "./runner";

interface Condemned {
  state: ResourceState;
  op: Op;
}

export class Deletions {
  constructor(
    private readonly progress: Progress,
    private readonly replacements: Replacements,
  ) {}

  /**
   * Deletes the resources that the program did not register, and those that were replaced. Throws StepFailed or Halted.
   */
  async run(): Promise<void> {
    const condemned: Condemned[] = [];
    const allowed = this.deletionTargets() ?? this.allButExcluded();
    const needed = this.neededByFailed();
    for (const state of this.progress.base) {
      if (
        this.replacements.deletion(state) &&
        (state.delete || this.progress.isOperatedOn(state.urn))
      )
        continue;
      if (allowed && !allowed.has(state.urn)) {
        if (!state.delete && !this.progress.isOperatedOn(state.urn)) this.progress.keep(state);
      } else if (needed.has(state.urn)) {
        continue;
      } else if (state.delete) {
        condemned.push({ state, op: state.external ? "discard-replaced" : "delete-replaced" });
      } else if (!this.progress.isOperatedOn(state.urn)) {
        const op = state.pendingReplacement
          ? "remove-pending-replace"
          : state.external
            ? "discard"
            : "delete";
        condemned.push({ state, op });
      }
    }
    condemned.forEach(({ state }) => this.progress.condemn(state.urn));
    await this.deleteAll(condemned);
  }

  /** A failed or skipped resource still exists, so everything that its old state depends on must also stay. */
  private neededByFailed(): Set<string> {
    const needed = new Set<string>();
    for (const state of [...this.progress.base].reverse()) {
      const failed = [state.urn, this.progress.aliases.taken.get(state.urn) ?? ""].some((urn) =>
        this.progress.runner.hasFailed(urn),
      );
      if (failed || needed.has(state.urn)) dependenciesOf(state).forEach((urn) => needed.add(urn));
    }
    return needed;
  }

  /** With targets: the targets and their dependents. Throws for dependents that were not named. */
  private deletionTargets(): Set<string> | undefined {
    const { targets } = this.progress.options;
    if (!targets.constrained) return undefined;
    const allowed = new Set<string>();
    const unnamed: string[] = [];
    for (const state of this.progress.base) {
      const named = targets.names(state.urn);
      if (!named && ![...dependenciesOf(state)].some((urn) => allowed.has(urn))) continue;
      allowed.add(state.urn);
      const condemned = state.delete || !this.progress.isOperatedOn(state.urn);
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

  /**
   * With excludes: everything except the excluded resources and what they need. If their dependents are excluded too,
   * Pulumi also leaves out everything that is connected with them by a shared provider or parent.
   */
  private allButExcluded(): Set<string> | undefined {
    const { base, options } = this.progress;
    const { targets } = options;
    const kept = new Set(base.filter((s) => targets.excludesState(s)).map(({ urn }) => urn));
    if (kept.size === 0) return undefined;
    for (let before = 0; before < kept.size;) {
      before = kept.size;
      for (const state of base) {
        const needs = dependenciesOf(state);
        if (targets.excludeDependents && [...needs].some((urn) => kept.has(urn)))
          kept.add(state.urn);
        if (kept.has(state.urn)) needs.forEach((urn) => kept.add(urn));
      }
    }
    return new Set(base.map(({ urn }) => urn).filter((urn) => !kept.has(urn)));
  }

  /** Deletes each resource as soon as all its dependents are gone. */
  private async deleteAll(condemned: Condemned[]): Promise<void> {
    const dependents = new Map<string, number[]>();
    condemned.forEach(({ state }, index) => {
      for (const urn of dependenciesOf(state))
        dependents.set(urn, [...(dependents.get(urn) ?? []), index]);
    });
    const results: Promise<boolean>[] = [];
    // Starts at the end of the list: a dependent comes after what it depends on, so its promise already exists.
    for (const [index, { state, op }] of [...condemned.entries()].reverse()) {
      const later = (dependents.get(state.urn) ?? []).filter((i) => i > index);
      results[index] = Promise.all(later.map((i) => results[i] ?? Promise.resolve(true))).then(
        (all) => (all.every(Boolean) ? this.deleteOne(state, op) : false),
      );
    }
    if ((await Promise.all(results)).includes(false)) throw new StepFailed();
  }

  private async explain(state: ResourceState): Promise<void> {
    const { preview, explain } = this.progress.options;
    const found = preview ? await explain?.(state) : undefined;
    if (found) this.progress.sink(said(found.severity, found.text, state.urn));
  }

  /** False: the resource still exists. */
  private async deleteOne(state: ResourceState, op: Op): Promise<boolean> {
    const replacing = op === "delete-replaced" || op === "discard-replaced";
    const step = {
      ...stepOf(op, state, undefined),
      logical: op === "delete" || op === "discard",
    };
    const work = async (): Promise<void> => {
      if (op === "remove-pending-replace") return;
      if (state.protect && !replacing) throw new ProtectedResource(state.urn);
      await this.explain(state);
      await this.progress.remove(state);
    };
    try {
      const pending = state.custom && op !== "remove-pending-replace" ? "deleting" : undefined;
      await this.progress.runner.run(step, pending, work, () =>
        this.progress.journal.put(state, undefined),
      );
      return true;
    } catch (error) {
      if (error instanceof StepFailed || error instanceof Halted) return false;
      throw error;
    }
  }
}
