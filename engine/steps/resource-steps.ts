/** The steps that change one resource to what the program requests. */
import { isProviderType, type ResourceState } from "../state/resource";
import { sameButForPosition } from "../state/same";
import { UNKNOWN_TEXT, deepEquals, isSecret, markKeys } from "../values/property";
import type { Decision } from "./diff";
import { stepOf, type Op, type Step } from "./events";
import type { Manager } from "./manager";
import type { Progress, Registered } from "./progress";

export class ResourceSteps {
  constructor(private readonly progress: Progress) {}

  same(old: ResourceState, state: ResourceState): Promise<Registered> {
    return this.conclude(state, async () => {
      if (old.id !== undefined) state.id = old.id;
      const secret = Object.keys(state.inputs).filter((key) => isSecret(state.inputs[key]));
      const outputs = markKeys(old.outputs, [...state.additionalSecretOutputs, ...secret]);
      state.outputs = deepEquals(outputs, old.outputs) ? old.outputs : outputs;
      if (deepEquals(state.inputs, old.inputs)) state.inputs = old.inputs;
      if (isProviderType(state.type))
        await this.progress.host.start({ ...state, inputs: old.inputs });
      const step = stepOf("same", old, state);
      this.progress.sink({ kind: "begin", step });
      this.progress.journal.put(old, state);
      // A change of only the source position does not cause a separate write.
      if (!sameButForPosition(old, state)) await this.progress.journal.settle();
      this.progress.sink({ kind: "done", step, seconds: 0 });
      return step;
    });
  }

  create(
    op: Op,
    old: ResourceState | undefined,
    state: ResourceState,
    manager: Manager | undefined,
    extra: Partial<Step> = {},
    /** The replaced resource still exists, and is deleted at the end. */
    deleteLater?: ResourceState,
  ): Promise<Registered> {
    return this.conclude(state, async () => {
      // If an old resource is created, the refresh found that it was gone.
      const gone = op === "create";
      const step = { ...stepOf(op, gone ? undefined : old, state), ...extra };
      const work = async (): Promise<void> => {
        try {
          await manager?.create(state, this.progress.createContext(state, "create"));
        } finally {
          // A partial failure is also in the state, so it also needs a time.
          state.created = state.modified = new Date().toISOString();
        }
      };
      await this.progress.runner.run(step, state.custom ? "creating" : undefined, work, () => {
        if (deleteLater) this.condemn(deleteLater);
        this.progress.journal.put(gone || old?.pendingReplacement ? old : undefined, state);
      });
      return step;
    });
  }

  update(
    old: ResourceState,
    state: ResourceState,
    manager: Manager | undefined,
    { diffs, detailed }: Decision,
  ): Promise<Registered> {
    return this.conclude(state, async () => {
      if (old.id !== undefined) state.id = old.id;
      const step = { ...stepOf("update", old, state), diffs, detailed };
      const work = async (): Promise<void> => {
        if (!manager) {
          state.outputs = old.outputs;
          return;
        }
        await manager.update(old, state, this.progress.createContext(state, "update"));
        state.modified = new Date().toISOString();
      };
      await this.progress.runner.run(step, state.custom ? "updating" : undefined, work, () => {
        // After a partial failure, the resource does not have the new inputs.
        if (state.initErrors.length > 0) state.inputs = old.inputs;
        this.progress.journal.put(old, state);
      });
      return step;
    });
  }

  async replaceWith(
    old: ResourceState,
    state: ResourceState,
    manager: Manager | undefined,
    { replaces, diffs, detailed }: Decision,
    deleteLater: boolean,
  ): Promise<Registered> {
    this.progress.pardon(state.urn);
    const how = { keys: replaces, diffs, detailed };
    const shown = { ...how, logical: false };
    const result = await this.create(
      "create-replacement",
      old,
      state,
      manager,
      shown,
      deleteLater ? old : undefined,
    );
    if (result.result === "success") this.replaced(old, state, how);
    return result;
  }

  /** Reports the one step that stands for a whole replacement, and counts as one. */
  private replaced(old: ResourceState, state: ResourceState, how: Partial<Step> = {}): void {
    this.progress.replace(state.urn);
    const step = { ...stepOf("replace", old, state), ...how };
    this.progress.sink({ kind: "begin", step });
    this.progress.sink({ kind: "done", step, seconds: 0 });
  }

  async conclude(state: ResourceState, work: () => Promise<Step>): Promise<Registered> {
    this.progress.operateOn(state.urn);
    const step = await work();
    this.progress.conclude(state, step);
    return { state, result: "success" };
  }

  /** Reads a resource that this stack does not own. If the stack owned the resource with this id, it releases it. */
  read(
    id: string,
    old: ResourceState | undefined,
    state: ResourceState,
    manager: Manager,
  ): Promise<Registered> {
    const replacing = old !== undefined && !old.external && old.id !== id;
    return this.conclude(state, async () => {
      const step = {
        ...stepOf(replacing ? "read-replacement" : "read", old, state),
        logical: !replacing,
      };
      const work = async (): Promise<void> => {
        if (id === UNKNOWN_TEXT) return;
        // As in Pulumi, the program's inputs are also passed as the state: some providers read them there.
        const asked = { ...state, outputs: state.inputs };
        const found = await manager.read(asked, this.progress.context(state.urn));
        if (!found) throw new Error(`resource '${id}' does not exist`);
        Object.assign(state, { id: found.id, outputs: found.outputs });
        const changed =
          old && !(deepEquals(old.outputs, state.outputs) && deepEquals(old.inputs, state.inputs));
        if (changed) state.modified = new Date().toISOString();
      };
      await this.progress.runner.run(step, "reading", work, () => {
        if (replacing) this.condemn(old);
        this.progress.journal.put(replacing ? undefined : old, state);
      });
      if (replacing) this.replaced(old, state);
      return step;
    });
  }

  /** Imports the resource with this id. Resolves to its present state. */
  async import(
    id: string,
    old: ResourceState | undefined,
    state: ResourceState,
    manager: Manager,
  ): Promise<{ found: ResourceState; step: Step }> {
    const asked: ResourceState = { ...state, id, inputs: {}, outputs: {} };
    let found: ResourceState = asked;
    const step: Step = {
      ...stepOf(old ? "import-replacement" : "import", old, asked),
      logical: !old,
    };
    const work = async (): Promise<void> => {
      const read = await manager.read(asked, this.progress.context(state.urn));
      if (!read) throw new Error(`resource '${id}' does not exist`);
      const now = new Date().toISOString();
      found = step.new = { ...read, created: now, modified: now };
    };
    await this.progress.runner.run(step, "importing", work, () => {
      if (old) this.condemn(old);
      this.progress.journal.put(undefined, found);
    });
    if (old) this.replaced(old, found);
    return { found, step };
  }

  /** Marks the resource as replaced, to be deleted at the end. */
  private condemn(old: ResourceState): void {
    old.delete = true;
    this.progress.options.forget(old);
  }
}
