import * as pulumi from "@pulumi/pulumi";
import { Rollout } from "../../components/rollout";
import { record, settled } from "./recorder";

/** A value that is known when `set` is called. */
function later(): { state: pulumi.Output<string>; set: () => void } {
  let set = (): void => undefined;
  const state = pulumi.output(new Promise<string>((resolve) => (set = () => resolve("applied"))));
  return { state, set };
}

let said: string[];
beforeEach(() => {
  record();
  said = [];
  // The SDK prints messages here without an engine.
  jest.spyOn(console, "log").mockImplementation((text: string) => void said.push(text));
});
afterEach(() => jest.restoreAllMocks());

test("a batch starts once every node of the one before it is changed", async () => {
  const rollout = new Rollout([["a"], ["b", "c"], ["d"]], "0s");
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
  const rollout = new Rollout([["a", "b"], ["c"], ["d"]], "0s");
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
  expect(new Rollout([["a"], ["b"]], "0s").turnOf("z")).toBeUndefined();
});

describe("the messages of a run", () => {
  test("name each batch, the first one too, and each pause before it begins", async () => {
    const rollout = new Rollout([["a"], ["b", "c"]], "20ms");
    const [ready, first] = [later(), later()];
    rollout.start(ready.state);
    const turn = rollout.turnOf("b");
    rollout.follow("a", first.state);
    await settled();
    expect(said).toEqual([]);
    ready.set();
    await settled();
    expect(said).toEqual(["info: [runtime] batch 1 of 2: a"]);
    first.set();
    await turn;
    await settled();
    expect(said.slice(1)).toEqual([
      "info: [runtime] pausing 20ms before batch 2 of 2",
      "info: [runtime] batch 2 of 2: b, c",
    ]);
  });

  test("have no pause that is not set, and nothing if all nodes change at once", async () => {
    const ready = pulumi.output("reachable");
    new Rollout([["a", "b"]], "0s").start(ready);
    const rollout = new Rollout([["a"], ["b"]], "0s");
    rollout.start(undefined);
    const turn = rollout.turnOf("b");
    rollout.follow("a", pulumi.output("applied"));
    await turn;
    await settled();
    expect(said).toEqual(["info: [runtime] batch 2 of 2: b"]);
  });

  test("name no batch if the registry cannot be reached", async () => {
    const unknown = pulumi.output(pulumi.unknown) as unknown as pulumi.Output<string>;
    new Rollout([["a"], ["b"]], "0s").start(unknown);
    await settled();
    expect(said).toEqual([]);
  });
});
