/**
 * The operations on a resource, with the engine's own values. A provider, or the engine itself, manages the resource.
 */
import {
  PartialFailure,
  UNKNOWN,
  type CheckFailure,
  type CreateContext,
  type Diff,
  type Outputs,
  type ProviderInstance,
  type StepContext,
} from "../providers/provider";
import type { ResourceState } from "../state/resource";
import { markKeys, markLike, markPaths, unwrapMap, type PropertyMap } from "../values/property";

export interface Manager {
  check(state: ResourceState, olds: PropertyMap | undefined, news: PropertyMap): Promise<Checked>;
  diff(old: ResourceState, news: PropertyMap): Promise<Diff>;
  /** Fills in `state.id` and `state.outputs`. */
  create(state: ResourceState, ctx: CreateContext): Promise<void>;
  /** Fills in `state.outputs`. */
  update(old: ResourceState, state: ResourceState, ctx: CreateContext): Promise<void>;
  /** The resource as it is now, to replace `state`; undefined: it is gone. */
  read(state: ResourceState, ctx: StepContext): Promise<ResourceState | undefined>;
  delete(state: ResourceState, ctx: StepContext): Promise<void>;
}

export interface Checked {
  inputs: PropertyMap;
  failures: CheckFailure[];
}

/** Manages the resources of a configured provider. */
export class PluginManager implements Manager {
  constructor(private readonly instance: ProviderInstance) {}

  async check(
    state: ResourceState,
    olds: PropertyMap | undefined,
    news: PropertyMap,
  ): Promise<Checked> {
    const {
      inputs,
      failures,
      secretInputs = [],
    } = await this.instance.check(state.type, state.urn, olds && unwrapMap(olds), unwrapMap(news));
    return { inputs: markPaths(markLike(inputs, news), secretInputs), failures };
  }

  diff(old: ResourceState, news: PropertyMap): Promise<Diff> {
    const { type, urn, id = "", inputs, outputs } = old;
    return this.instance.diff(
      type,
      urn,
      id,
      unwrapMap(inputs),
      unwrapMap(outputs),
      unwrapMap(news),
    );
  }

  async create(state: ResourceState, ctx: CreateContext): Promise<void> {
    await this.keepPartial(state, async () => {
      const answer = await this.instance.create(state.type, unwrapMap(state.inputs), ctx);
      if (!ctx.preview && answer.id === "")
        throw new Error("provider did not return an ID from Create");
      state.id = answer.id;
      this.setOutputs(state, answer, state.inputs);
    });
  }

  async update(old: ResourceState, state: ResourceState, ctx: CreateContext): Promise<void> {
    await this.keepPartial(state, async () => {
      const olds = [unwrapMap(old.inputs), unwrapMap(old.outputs)] as const;
      const answer = await this.instance.update(
        old.type,
        old.id ?? "",
        ...olds,
        unwrapMap(state.inputs),
        ctx,
      );
      this.setOutputs(state, answer, state.inputs);
    });
  }

  async read(state: ResourceState, ctx: StepContext): Promise<ResourceState | undefined> {
    const { type, id = "", inputs, outputs } = state;
    const answer = await this.instance.read(type, id, unwrapMap(inputs), unwrapMap(outputs), ctx);
    if (!answer) return undefined;
    const now: ResourceState = {
      ...state,
      id: answer.id,
      inputs: markLike(answer.inputs, inputs),
      initErrors: answer.initErrors ?? [],
    };
    this.setOutputs(now, answer, { ...inputs, ...outputs });
    return now;
  }

  delete(state: ResourceState, ctx: StepContext): Promise<void> {
    const { type, id = "", inputs, outputs } = state;
    return this.instance.delete(type, id, unwrapMap(inputs), unwrapMap(outputs), ctx);
  }

  private async keepPartial(state: ResourceState, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof PartialFailure) {
        state.id = error.id;
        state.initErrors = error.reasons;
        this.setOutputs(state, error, state.inputs);
      }
      throw error;
    }
  }

  private setOutputs(state: ResourceState, answer: Outputs, like: PropertyMap): void {
    const secrets = [...state.additionalSecretOutputs, ...(answer.secretOutputs ?? [])];
    // The kubernetes provider stores the inputs a second time there.
    const model = { ...like, __inputs: state.inputs };
    state.outputs = markKeys(markLike(answer.outputs, model), secrets);
  }
}

/** Used in a preview for a provider whose configuration is not known yet. */
export const unconfigured: Manager = {
  check: (_state, _olds, news) => Promise.resolve({ inputs: news, failures: [] }),
  diff: () => Promise.resolve({ changes: "some", replaces: [] }),
  create(state) {
    state.outputs = { ...state.inputs };
    return Promise.resolve();
  },
  update(old, state) {
    const unknown = Object.keys(old.outputs).map((key) => [key, UNKNOWN] as const);
    state.outputs = { ...Object.fromEntries(unknown), ...state.inputs };
    return Promise.resolve();
  },
  read: (state) => Promise.resolve({ ...state, inputs: {}, outputs: {} }),
  delete: () => Promise.reject(new Error("its provider's configuration is not known yet")),
};
