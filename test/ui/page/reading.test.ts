import { setImmediate as turn } from "node:timers/promises";
import { type Depth, Reading } from "../../../ui/page/reading";

/** A reading that ends each tag when the test says so. */
function scene(limit: number) {
  const begun: string[] = [];
  const known = new Map<string, Depth>();
  const ends = new Map<string, () => void>();
  const reading = new Reading(
    limit,
    (key, depth) => known.get(key) === "image" || known.get(key) === depth,
    (key, depth) => {
      begun.push(key);
      return new Promise((resolve) =>
        ends.set(key, () => {
          known.set(key, depth);
          resolve();
        }),
      );
    },
  );
  const end = async (key: string) => {
    ends.get(key)!();
    await turn();
  };
  return { begun, reading, end };
}

test("no more tags than the limit are read at the same time", async () => {
  const { begun, reading, end } = scene(2);
  reading.want(["a", "b", "c"], "image");
  expect(begun).toEqual(["a", "b"]);
  await end("b");
  expect(begun).toEqual(["a", "b", "c"]);
});

test("what is on the screen is read before what was asked for as a whole", async () => {
  const { begun, reading, end } = scene(1);
  reading.want(["a", "b", "c"], "digest");
  reading.show(["c"]);
  await end("a");
  await end("c");
  expect(begun).toEqual(["a", "c", "b"]);
});

test("what leaves the screen before its turn is not read", async () => {
  const { begun, reading, end } = scene(1);
  reading.show(["a", "b", "c"]);
  reading.show(["z"]);
  await end("a");
  await end("z");
  expect(begun).toEqual(["a", "z"]);
  expect(reading.isBusy).toBe(false);
});

test("a view that leaves after the next one has come takes nothing of it along", async () => {
  const { begun, reading, end } = scene(1);
  const leave = reading.show(["a", "b"]);
  reading.show(["y", "z"]);
  leave();
  await end("a");
  await end("y");
  expect(begun).toEqual(["a", "y", "z"]);
});

test("the image of a tag on the screen is read also if its digest is just being read", async () => {
  const { begun, reading, end } = scene(1);
  reading.want(["a"], "digest");
  reading.show(["a"]);
  await end("a");
  expect(begun).toEqual(["a", "a"]);
});

test("a known tag is not read again, unless its image is wanted too", async () => {
  const { begun, reading, end } = scene(1);
  reading.want(["a"], "digest");
  await end("a");
  reading.want(["a"], "digest");
  expect(begun).toEqual(["a"]);
  reading.want(["a"], "image");
  expect(begun).toEqual(["a", "a"]);
});

test("during a pause nothing begins", async () => {
  const { begun, reading, end } = scene(1);
  reading.want(["a", "b"], "image");
  reading.pause();
  await end("a");
  expect(begun).toEqual(["a"]);
  reading.resume();
  expect(begun).toEqual(["a", "b"]);
});
