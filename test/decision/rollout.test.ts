import { batchesOf, orderText, pauseSeconds } from "../../decision/rollout";
import type { RolloutSettings } from "../../settings/schema";

const nodes = (...names: string[]) =>
  names.map((name) => ({
    name,
    address: name,
    role: name.startsWith("m") ? ("master" as const) : ("worker" as const),
  }));
const rollout = (changes: Partial<RolloutSettings> = {}): RolloutSettings => ({
  canary: 1,
  batch: "25%",
  pause: "0s",
  ...changes,
});
const batches = (
  names: string[],
  setting?: Partial<RolloutSettings>,
  changing: readonly string[] = names,
) => {
  const settings = { nodes: nodes(...names), rollout: setting && rollout(setting) };
  return batchesOf(settings, new Set(changing));
};

describe("the order in which nodes change", () => {
  test("is all at once without the setting", () => {
    expect(batches(["m1", "w1", "w2"])).toEqual([["m1", "w1", "w2"]]);
  });

  test("never has two of several masters in one batch, also without the setting", () => {
    expect(batches(["m1", "m2", "w1", "m3", "w2"])).toEqual([["m1", "w1", "w2"], ["m2"], ["m3"]]);
  });

  test("counts a master that does not change: one changing master of two is in no one's way", () => {
    expect(batches(["m1", "m2", "w1"], undefined, ["m2", "w1"])).toEqual([["m2", "w1"]]);
  });

  test("starts with a worker as the canary, and with a master only if nothing else changes", () => {
    expect(batches(["m1", "w1", "w2"], { batch: 9 })).toEqual([["w1"], ["m1", "w2"]]);
    expect(batches(["m1", "w1"], { batch: 9 }, ["m1"])).toEqual([["m1"]]);
  });

  test("takes a part of all nodes, rounded up, also if few of them change", () => {
    const names = ["w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "w9"];
    expect(batches(names, {}, names.slice(0, 6))).toEqual([
      ["w1"],
      ["w2", "w3", "w4"],
      ["w5", "w6"],
    ]);
    expect(batches(names, { canary: 0, batch: "1%" }, ["w1", "w2"])).toEqual([["w1"], ["w2"]]);
  });

  test("takes exactly a part that is a whole number of nodes", () => {
    const names = Array.from({ length: 100 }, (_, at) => `w${at}`);
    for (let part = 1; part <= 100; part++) {
      const [first] = batches(names, { canary: 0, batch: `${part}%` });
      expect(first).toHaveLength(part);
    }
  });

  test("has no batch if nothing changes", () => {
    expect(batches(["m1", "w1"], {}, [])).toEqual([]);
  });

  test("has each changing node once, whatever the numbers are", () => {
    const names = ["m1", "m2", "m3", "w1", "w2", "w3", "w4"];
    for (const canary of [0, 1, 2, 5, 10])
      for (const batch of [1, 2, 3, 7, 100, "10%", "50%", "100%"]) {
        const found = batches(names, { canary, batch });
        expect(found.flat().sort()).toEqual(names);
        for (const one of found)
          expect(one.filter((name) => name.startsWith("m")).length).toBeLessThan(2);
      }
  });
});

describe("the order in words", () => {
  test("names each batch, the canary and the pause", () => {
    const settings = { rollout: rollout({ pause: "5m" }) };
    expect(orderText([["w1"], ["m1", "w2"], ["m2"]], settings)).toBe(
      "containerd changes in 3 batches, 5m after each: the canary w1; then m1, w2; then m2",
    );
    expect(pauseSeconds(settings)).toBe(300);
  });

  test("has no canary and no pause without the setting", () => {
    expect(orderText([["m1"], ["m2"]], {})).toBe("containerd changes in 2 batches: m1; then m2");
  });

  test("is left out if all nodes are changed at once", () => {
    expect(orderText([["w1", "w2"]], { rollout: rollout() })).toBeUndefined();
    expect(orderText([], {})).toBeUndefined();
  });
});
