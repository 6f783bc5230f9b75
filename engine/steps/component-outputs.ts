/** Outputs that the program gives to components, and to the stack itself. */
import type { ResourceState } from "../state/resource";
import { deepEquals, hasUnknown, type PropertyMap } from "../values/property";
import type { Progress } from "./progress";
import { STACK_TYPE } from "./urn";

export class ComponentOutputs {
  private stackOutputs: PropertyMap | undefined;

  constructor(private readonly progress: Progress) {}

  /** The outputs of a component, or of the stack: those are set in the end, when it is known how the run went. */
  async register(urn: string, outputs: PropertyMap): Promise<void> {
    const state = this.progress.news.get(urn);
    if (!state) {
      if (this.progress.runner.hasFailed(urn) || this.progress.isLeftOut(urn)) return;
      throw new Error(`cannot complete a resource '${urn}' whose registration isn't pending`);
    }
    // Unknown in an update is only what a failed resource should have given.
    const known = this.progress.options.preview ? outputs : withoutUnknowns(outputs);
    if (state.type === STACK_TYPE) this.stackOutputs = known;
    else await this.setOutputs(state, known);
  }

  private async setOutputs(state: ResourceState, outputs: PropertyMap): Promise<void> {
    const step = this.progress.steps.get(state.urn);
    if (!deepEquals(state.outputs, outputs)) {
      state.outputs = outputs;
      this.progress.options.forget(state);
      this.progress.journal.touch();
      if (!this.progress.options.preview) await this.progress.journal.settle();
    }
    if (step) this.progress.sink({ kind: "outputs", step });
  }

  /** `complete` false: the program did not get to its end, what it did not say stays as it was. */
  async finish(complete: boolean): Promise<void> {
    const state = [...this.progress.news.values()].find((s) => s.type === STACK_TYPE);
    if (!state || !this.stackOutputs) return;
    const before = this.progress.steps.get(state.urn)?.old?.outputs ?? {};
    await this.setOutputs(
      state,
      complete ? this.stackOutputs : { ...before, ...this.stackOutputs },
    );
  }
}

function withoutUnknowns(map: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => !hasUnknown(value)));
}
