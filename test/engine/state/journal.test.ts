import { Journal } from "../../../engine/state/journal";
import type { ResourceState, Snapshot } from "../../../engine/state/resource";
import { emptyGoal, stateOf } from "../../../engine/steps/goal";

const resource = (name: string): ResourceState =>
  stateOf(emptyGoal("t:t:T", name, false), `urn:pulumi:s::p::t:t:T::${name}`, undefined);
const names = (snapshot: Snapshot): string[] =>
  snapshot.resources.map((r) => r.urn.split("::").at(-1) ?? "");

function slowWriter(): {
  written: string[][];
  write: (s: Snapshot) => Promise<void>;
  release: () => void;
} {
  const written: string[][] = [];
  let release: () => void = () => undefined;
  const write = (snapshot: Snapshot): Promise<void> => {
    written.push(names(snapshot));
    return new Promise((resolve) => (release = resolve));
  };
  return { written, write, release: () => release() };
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("who comes while a write is under way shares the next one, and waits for it", async () => {
  const { written, write, release } = slowWriter();
  const journal = new Journal({ resources: [], pending: [], extra: {} }, write);
  const done: string[] = [];
  const put = (name: string): void => {
    journal.put(undefined, resource(name));
    void journal.settle().then(() => done.push(name));
  };
  put("a");
  await tick();
  put("b");
  put("c");
  await tick();
  expect({ written, done }).toEqual({ written: [["a"]], done: [] });

  release();
  await tick();
  expect({ written, done }).toEqual({ written: [["a"], ["a", "b", "c"]], done: ["a"] });
  release();
  await tick();
  expect(done).toEqual(["a", "b", "c"]);
});

test("a preview writes nothing, and fails where an update would leave a state that is not well-formed", async () => {
  const journal = new Journal({ resources: [], pending: [], extra: {} }, undefined);
  const a = resource("a");
  journal.put(undefined, a);
  await journal.flush();
  journal.put(undefined, { ...resource("b"), parent: "urn:pulumi:s::p::t:t:T::gone" });
  await expect(journal.flush()).rejects.toThrow(
    "the state would not be well-formed: resource urn:pulumi:s::p::t:t:T::b has the parent urn:pulumi:s::p::t:t:T::gone, which is missing",
  );
});

test("new resources come first, then what is left of the old ones", async () => {
  const [a, b, c] = [resource("a"), resource("b"), resource("c")] as const;
  const journal = new Journal({ resources: [a, b, c], pending: [], extra: {} }, undefined);
  journal.put(b, resource("b"));
  journal.put(a, undefined);
  journal.put(undefined, resource("d"));
  expect(names({ resources: journal.resources, pending: [], extra: {} })).toEqual(["b", "d", "c"]);
  await journal.flush();
});

test("creates that a former run left pending stay noted; other operations do not", async () => {
  const snapshots: Snapshot[] = [];
  const pending = [
    { resource: resource("a"), type: "creating" as const },
    { resource: resource("b"), type: "updating" as const },
  ];
  const journal = new Journal({ resources: [], pending, extra: {} }, (s) => {
    snapshots.push(s);
    return Promise.resolve();
  });
  await journal.flush();
  expect(snapshots.at(-1)?.pending.map((op) => op.type)).toEqual(["creating"]);
  journal.dropPendingCreates();
  await journal.flush();
  expect(snapshots.at(-1)?.pending).toEqual([]);
});

test("a create that a former run left pending is settled once this run has made the resource", async () => {
  const snapshots: Snapshot[] = [];
  const pending = ["a", "b"].map((name) => ({
    resource: resource(name),
    type: "creating" as const,
  }));
  const journal = new Journal({ resources: [], pending, extra: {} }, (s) => {
    snapshots.push(s);
    return Promise.resolve();
  });
  const anew = resource("a");
  await journal.begin(anew, "creating");
  journal.end(anew);
  journal.put(undefined, anew);
  await journal.settle();
  expect(snapshots.at(-1)?.pending.map((op) => op.resource.urn)).toEqual([resource("b").urn]);
});

test("a failing write fails whoever waits for it, and the next one tries again", async () => {
  let broken = true;
  const journal = new Journal({ resources: [], pending: [], extra: {} }, () =>
    broken ? Promise.reject(new Error("no space left")) : Promise.resolve(),
  );
  journal.put(undefined, resource("a"));
  await expect(journal.settle()).rejects.toThrow("no space left");
  broken = false;
  await journal.flush();
});
