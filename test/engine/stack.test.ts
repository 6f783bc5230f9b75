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

describe("the configuration alone", () => {
  const config = { "p:port": 5000 };

  test("needs no passphrase if no secret is in it", async () => {
    project = await TestProject.make("", config);
    const values = await project.workspace("dev", "wrong").config();
    expect([...values]).toEqual([...(await project.stack()).config()]);
    expect(values.get("p:port")?.text).toBe("5000");
  });

  test("needs it for a secret", async () => {
    project = await TestProject.make("", config);
    const { file, crypter } = await project.stack();
    file.set("p:token", "hidden", crypter);
    await file.save();
    const values = await project.workspace().config();
    expect([...values.values()].map(({ text }) => text)).toEqual(["5000", "hidden"]);
    await expect(project.workspace("dev", "wrong").config()).rejects.toThrow(
      "incorrect passphrase",
    );
  });

  test("of a stack that does not exist is refused", async () => {
    project = await TestProject.make("");
    await expect(project.workspace("other").config()).rejects.toThrow(
      "no stack named 'other' found in ",
    );
  });
});
