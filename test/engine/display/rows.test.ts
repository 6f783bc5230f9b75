import { Family, opOf, wordsOf } from "../../../engine/display/rows";
import { commandOf, component, step } from "./steps";

test("the type of a component is said in words, in those of the table where it has some", () => {
  expect(wordsOf("cluster-registry:index:ContainerdMirror")).toBe("containerd mirror");
  expect(wordsOf("a:index:DockerHost", { "a:index:DockerHost": "Docker" })).toBe("Docker");
  expect(wordsOf("plain")).toBe("plain");
});

test("what a component is made of is its line; a resource without a component has its own", () => {
  const family = new Family();
  const mirror = component("a:index:ContainerdMirror", "node01");
  const guard = commandOf("node01-containerd-guard", mirror);
  const behind = commandOf("behind", guard);
  const alone = commandOf("alone");
  for (const one of [mirror, guard, behind, alone]) family.learn(step("create", one));
  expect([guard, behind, mirror].map(({ urn }) => family.rowOf(urn))).toEqual(
    Array(3).fill(mirror.urn),
  );
  expect(family.labelOf(mirror.urn)).toBe("node01: containerd mirror");
  expect(family.rowOf(alone.urn)).toBe(alone.urn);
  expect(family.labelOf(alone.urn)).toBe("command:local:Command alone");
});

test("a component within another is named without the other's name", () => {
  const family = new Family();
  const cluster = component("a:index:ClusterRegistry", "prod");
  const mirror = component("a:index:ContainerdMirror", "prod-node01", cluster);
  for (const one of [cluster, mirror]) family.learn(step("create", one));
  expect(family.labelOf(mirror.urn)).toBe("node01: containerd mirror");
  expect(family.nameOf(cluster.urn)).toBe("prod");
});

test("a destroy has the children first: what they are made for is a component before it was seen", () => {
  const family = new Family();
  const mirror = component("a:index:ContainerdMirror", "node01");
  const guard = commandOf("node01-containerd-guard", mirror);
  family.learn(step("delete", guard));
  expect(family.labelOf(family.rowOf(guard.urn))).toBe("node01: containerd mirror");
});

test.each([
  ["create", ["create", "create"], "create"],
  [undefined, ["delete", "delete"], "delete"],
  ["same", ["update"], "update"],
  ["same", ["create"], "update"],
  ["same", ["delete", "update"], "update"],
  ["same", ["update", "delete-replaced"], "replace"],
  ["create", [], "create"],
  [undefined, [], "same"],
] as const)("a component that is %s, with parts that are %j, is shown as %s", (own, parts, op) => {
  expect(opOf(own, parts)).toBe(op);
});
