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

test("another image: it is pulled first, then the container is replaced, and the images stay", () => {
  const ran = { ...past, image: "registry:2.8.3" };
  const [note, ...others] = shapeNotes(settings({ image: "registry:3.1.2" }), {
    registries: [ran],
  });
  expect(others).toEqual([]);
  expect(note).toBe(
    "the registry's server changes from registry:2.8.3 to registry:3.1.2. docker on cp pulls the new image first: if that fails, the present registry goes on. " +
      "Unless both are the same image, its container is then replaced, and for some seconds nobody can pull from it or push to it. Its volume stays, with all images",
  );
  expect(shapeNotes(settings({ image: "registry:2.8.3" }), { registries: [ran] })).toEqual([]);
});

test("another image on another host is a new registry, and another image with another port are two notes", () => {
  const ran = { ...past, image: "registry:2.8.3" };
  const moved = settings({ host: "other", address: "10.0.0.9", image: "registry:3.1.2" });
  expect(shapeNotes(moved, { registries: [ran] })).toHaveLength(1);
  const both = settings({ port: 5001, image: "registry:3.1.2" });
  expect(shapeNotes(both, { registries: [ran] })).toHaveLength(2);
});
