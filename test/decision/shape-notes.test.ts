import { shapeNotes } from "../../decision/shape-notes";
import type { PastRegistry } from "../../observation/past";
import { parseSettings } from "../../settings/parse";

const settings = (registry: Record<string, unknown> = {}) =>
  parseSettings({
    registry: { host: "cp", address: "10.0.0.1", ...registry },
    nodes: [{ name: "cp", address: "10.0.0.1", role: "master" }],
  });
const past: PastRegistry = {
  host: "cp",
  claimed: true,
  container: { id: "a", labels: {} },
  imagePrefix: "10.0.0.1:5000",
};

test("the same name is no news, and neither is a first run or one that made no container", () => {
  expect(shapeNotes(settings(), { registries: [past] })).toEqual([]);
  expect(shapeNotes(settings({ port: 5001 }), { registries: [] })).toEqual([]);
  const claimed: PastRegistry = { host: "cp", claimed: true, imagePrefix: "10.0.0.1:5000" };
  expect(shapeNotes(settings({ port: 5001 }), { registries: [claimed] })).toEqual([]);
});

test("another port on the same host: for a moment, a node can pull from neither", () => {
  expect(shapeNotes(settings({ port: 5001 }), { registries: [past] })).toEqual([
    "the registry's name in images changes from 10.0.0.1:5000 to 10.0.0.1:5001. The registry is replaced first, which takes seconds, and then the nodes change. " +
      "In between, a node can pull from neither name. Containers that run go on. Workloads that name 10.0.0.1:5000/... cannot pull any more after it: change their image names",
  ]);
});

test("another host: every node always has a registry that runs", () => {
  const moved = settings({ host: "other", address: "10.0.0.9" });
  expect(shapeNotes(moved, { registries: [past] })).toEqual([
    "the registry's name in images changes from 10.0.0.1:5000 to 10.0.0.9:5000. The new registry starts first, then the nodes change, and the one on cp goes last, so every node always has one that runs. " +
      "Containers that run go on. Workloads that name 10.0.0.1:5000/... cannot pull any more after it: change their image names",
  ]);
});
