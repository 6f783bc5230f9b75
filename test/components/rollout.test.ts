import * as pulumi from "@pulumi/pulumi";
import { Rollout } from "../../components/rollout";
import { record, settled } from "./recorder";

/** A value that is known when `set` is called. */
function later(): { state: pulumi.Output<string>; set: () => void; fail: () => void } {
  let set = (): void => undefined;
  let fail = (): void => undefined;
  const promise = new Promise<string>((resolve, reject) => {
    set = () => resolve("applied");
    fail = () => reject(new Error("failed"));
  });
  promise.catch(() => undefined);
  const state = pulumi.output(promise);
  return { state, set, fail };
}

beforeEach(() => {
  record();
  // The SDK prints messages here without an engine.
  jest.spyOn(console, "log").mockImplementation(() => undefined);
});
afterEach(() => jest.restoreAllMocks());

test("a batch starts once every node of the one before it is changed", async () => {
  const rollout = new Rollout([["a"], ["b", "c"], ["d"]], 0);
  const nodes = { a: later(), b: later(), c: later(), d: later() };
  const begun: string[] = [];
  for (const [name, { state }] of Object.entries(nodes)) {
    const turn = rollout.turnOf(name);
    if (name === "a") expect(turn).toBeUndefined();
    void turn?.then(() => begun.push(name));
    rollout.follow(name, state);
  }
  await settled();
  expect(begun).toEqual([]);
  nodes.a.set();
  await settled();
  expect(begun).toEqual(["b", "c"]);
  nodes.b.set();
  await settled();
  expect(begun).toEqual(["b", "c"]);
  nodes.c.set();
  await settled();
  expect(begun).toEqual(["b", "c", "d"]);
});

test("a node that was not changed stops the rest, and the error names it and them", async () => {
  const rollout = new Rollout([["a", "b"], ["c"], ["d"]], 0);
  const turns = ["c", "d"].map((name) => rollout.turnOf(name));
  const unknown = pulumi.output(pulumi.unknown) as unknown as pulumi.Output<string>;
  rollout.follow("a", pulumi.output("applied"));
  rollout.follow("b", unknown);
  for (const turn of turns)
    await expect(turn).rejects.toThrow(
      "the rollout stopped after b; not changed: c, d. What was changed stays. Resolve the problem, then run up again: it goes on from there",
    );
});

test("a node outside the batches waits for nothing", () => {
  expect(new Rollout([["a"], ["b"]], 0).turnOf("z")).toBeUndefined();
});
