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
    "the registry's name in images changes from 10.0.0.1:5000 to 10.0.0.9:5000. The new registry starts first, then the nodes change, and the one on cp goes last, so every node that changes always has one that runs. " +
      "Containers that run go on. Workloads that name 10.0.0.1:5000/... cannot pull any more after it: change their image names",
  ]);
});

describe("nodes that do not change at once", () => {
  const fleet = (registry: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    parseSettings({
      registry: { host: "cp", address: "10.0.0.1", ...registry },
      nodes: ["cp", "w1", "w2"].map((name, at) => ({
        name,
        address: `10.0.0.${at + 1}`,
        role: at === 0 ? "master" : "worker",
      })),
      ...more,
    });
  const batches = { rollout: { canary: 1, batch: 1, pause: "5m" } };
  const SLOW =
    "With rollout, that lasts until the node's own batch, and a batch that fails leaves the later ones so. Without rollout for this change, all nodes move within seconds.";

  test("with rollout, a node of a later batch can pull from neither name until then", () => {
    expect(shapeNotes(fleet({ port: 5001 }, batches), { registries: [past] })).toEqual([
      "the registry's name in images changes from 10.0.0.1:5000 to 10.0.0.1:5001. The registry is replaced first, which takes seconds, and then the nodes change. " +
        `In between, a node can pull from neither name. ${SLOW} ` +
        "Containers that run go on. Workloads that name 10.0.0.1:5000/... cannot pull any more after it: change their image names",
    ]);
  });

  test("with rollout and one batch, or on another host, there is nothing to add", () => {
    const one = { rollout: { canary: 0, batch: "100%" } };
    expect(shapeNotes(fleet({ port: 5001 }, one), { registries: [past] })).toEqual(
      shapeNotes(settings({ port: 5001 }), { registries: [past] }),
    );
    const [moved] = shapeNotes(fleet({ host: "w1", address: "10.0.0.2" }, batches), {
      registries: [past],
    });
    expect(moved).not.toContain("With rollout");
  });

  test("a node that is skipped keeps the old name, also on another host", () => {
    const said =
      "A node that is skipped (w1, w2) keeps the old name, under which no registry runs after this run, and cannot pull until an up covers it: make it ready first.";
    for (const registry of [{ port: 5001 }, { host: "other", address: "10.0.0.9" }])
      expect(shapeNotes(fleet(registry), { registries: [past] }, ["w1", "w2"])).toEqual([
        expect.stringContaining(` ${said} Containers that run go on.`),
      ]);
    expect(shapeNotes(fleet({}), { registries: [past] }, ["w1"])).toEqual([]);
  });
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
