import * as fs from "node:fs";
import { Secret, type PropertyMap } from "../../engine/values/property";
import { TestProject } from "./project";

jest.setTimeout(120_000);
// One after the other, on one pair of stacks: each has a key of its own.
let project: TestProject;
afterAll(() => project?.dispose());

const REFER = `
  const ref = new pulumi.StackReference("organization/p/dev");
  export const token = ref.getOutput("token");
  export const nested = ref.getOutput("nested");
  export const plain = ref.getOutput("plain");
`;

beforeAll(async () => {
  project = await TestProject.make(`
    export const token = pulumi.secret("hidden-1");
    export const nested = { list: [pulumi.secret({ inner: "hidden-2" })], open: 2 };
    export const plain = "seen";
  `);
  await project.run();
  await project.workspace("other").create("other");
  project.program(REFER);
});

const text = async (name: string): Promise<string> =>
  fs.readFileSync((await project.stack(name)).stateFile, "utf8");
const ciphertexts = (state: string): string[] => state.match(/"ciphertext":"[^"]*"/g) ?? [];

/** What the reference holds, opened with the key of the stack that refers. */
async function held(): Promise<PropertyMap> {
  const { resources } = (await project.stack("other")).state().snapshot;
  const reference = resources.find(({ type }) => type === "pulumi:pulumi:StackReference");
  return reference?.outputs["outputs"] as PropertyMap;
}

const MARKED = {
  nested: { list: [{ value: { inner: "hidden-2" } }], open: 2 },
  plain: "seen",
  token: { value: "hidden-1" },
};

test("another stack's secrets are sealed anew, with the key of the stack that refers to it", async () => {
  for (let run = 0; run < 2; run++) {
    await project.run({}, "other");
    const state = await text("other");
    expect(state).not.toContain("hidden");
    expect(ciphertexts(state)).toHaveLength(4);
    const theirs = ciphertexts(await text("dev"));
    expect(ciphertexts(state).filter((sealed) => theirs.includes(sealed))).toEqual([]);
    expect(await held()).toMatchObject(MARKED);
  }
});

test.each(["up", "refresh"] as const)(
  "a reference whose outputs were sealed as a whole has its marks value by value after %s",
  async (kind) => {
    const stack = await project.stack("other");
    await stack.changeState((snapshot) => {
      for (const { type, outputs } of snapshot.resources) {
        if (type === "pulumi:pulumi:StackReference")
          outputs["outputs"] = new Secret(outputs["outputs"] ?? null);
      }
      return snapshot;
    });
    expect(await held()).toBeInstanceOf(Secret);

    await project.run({ kind }, "other");

    expect(await held()).not.toBeInstanceOf(Secret);
    expect(await held()).toMatchObject(MARKED);
    expect(await text("other")).not.toContain("hidden");
  },
);

test("what is no secret any more in the other stack is none in the one that refers", async () => {
  project.program(`export const token = "told"; export const nested = {}; export const plain = 1;`);
  await project.run();
  project.program(REFER);
  const { outputs } = await project.run({}, "other");
  expect(outputs).toEqual({ token: "told", nested: {}, plain: 1 });
  expect(await held()).toEqual({ token: "told", nested: {}, plain: 1 });
});
