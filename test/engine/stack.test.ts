import type { ResourceState } from "../../engine/state/resource";
import { emptyGoal, stateOf } from "../../engine/steps/goal";
import { TestProject } from "./project";

// Two keys are derived, on a machine that may have much else to do.
jest.setTimeout(60_000);

let project: TestProject;
afterEach(() => project.dispose());

const component = (name: string): ResourceState =>
  stateOf(
    emptyGoal("p:index:Group", name, false),
    `urn:pulumi:dev::p::p:index:Group::${name}`,
    undefined,
  );

test("a state is changed as it is under the lock, not as it was when the stack was loaded", async () => {
  project = await TestProject.make("");
  const stack = await project.stack();
  const other = await project.stack();
  const [a, b] = [component("a"), component("b")];
  await other.replaceState({ resources: [a, b], pending: [], extra: {} });

  await stack.changeState((snapshot) => ({
    ...snapshot,
    resources: snapshot.resources.filter((r) => r.urn !== a.urn),
  }));

  const { snapshot } = (await project.stack()).state();
  expect(snapshot.resources.map((r) => r.urn)).toEqual([b.urn]);
});
