/** The outputs that the program registers for components and for the stack. */
import type { ResourceState } from "../state/resource";
import { deepEquals, hasUnknown, type PropertyMap } from "../values/property";
import type { Progress } from "./progress";
import { STACK_TYPE } from "./urn";

export class ComponentOutputs {
  private stackOutputs: PropertyMap | undefined;

  constructor(private readonly progress: Progress) {}

  /**
   * The outputs of a component or of the stack. The stack's outputs are stored at the end, when the result of the run
   * is known.
   */
  async register(urn: string, outputs: PropertyMap): Promise<void> {
    const state = this.progress.news.get(urn);
    if (!state) {
      if (this.progress.runner.hasFailed(urn) || this.progress.isLeftOut(urn)) return;
      throw new Error(`cannot complete a resource '${urn}' whose registration isn't pending`);
    }
    // In an update, an unknown value can only come from a failed resource.
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

  /** `complete` false: the program did not reach its end, so outputs that it did not register keep their values. */
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
