import type { ProviderInstance } from "../../../engine/providers/provider";
import { emptyGoal, stateOf } from "../../../engine/steps/goal";
import { PluginManager } from "../../../engine/steps/manager";
import { Secret } from "../../../engine/values/property";
import { context } from "../providers/context";

test("inputs that a provider keeps once more below __inputs are secret there too", async () => {
  const provider = {
    create: (_type: string, inputs: object) =>
      Promise.resolve({ id: "1", outputs: { ...inputs, __inputs: inputs } }),
  } as unknown as ProviderInstance;
  const goal = emptyGoal("t:t:T", "a", true);
  const state = stateOf(goal, "urn", undefined);
  state.inputs = { data: { open: "seen", key: new Secret("hidden") } };

  await new PluginManager(provider).create(state, context("a", "t:t:T"));

  const data = { open: "seen", key: new Secret("hidden") };
  expect(state.outputs).toEqual({ data, __inputs: { data } });
});
