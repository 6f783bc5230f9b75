import type { Image } from "../../../registry/image";
import { RepositoryState } from "../../../ui/page/repository-state";

const image = (digest: string, ...layers: string[]) =>
  ({
    manifest: {
      digest,
      size: 1,
      layers: layers.map((layer) => ({ digest: layer, size: 10 })),
      manifests: [],
    },
    platforms: [],
    attestations: [],
  }) as unknown as Image;

test("counts and sizes grow with what is read, each blob once", () => {
  const state = new RepositoryState("app", ["1", "2", "3"]);
  state.learnDigest("1", "a");
  state.learnDigest("2", "a");
  expect([state.known("digest"), state.known("image"), state.bytes]).toEqual([2, 0, 0]);
  state.learnImage("a", { image: image("a", "x", "y") });
  expect([state.known("image"), state.bytes]).toEqual([2, 21]);
  state.learnImage("b", { image: image("b", "x", "z") });
  state.learnDigest("3", "b");
  expect([state.known("image"), state.bytes]).toEqual([3, 32]);
  expect(state.tagsOf("a")).toEqual(["1", "2"]);
});

test("a tag with trouble is read, and has no size", () => {
  const state = new RepositoryState("app", ["1", "2"]);
  state.learnTrouble("1", "gone");
  state.learnDigest("2", "a");
  state.learnImage("a", { trouble: "broken" });
  expect([state.known("digest"), state.known("image"), state.bytes]).toEqual([2, 2, 0]);
  expect([state.tag("1"), state.tag("2")]).toEqual([
    { name: "1", trouble: "gone" },
    { name: "2", digest: "a", trouble: "broken" },
  ]);
});

test("after a new list, images are known and the digests of tags are not; a broken image is read again", () => {
  const state = new RepositoryState("app", ["1"]);
  state.learnDigest("1", "a");
  state.learnImage("a", { image: image("a", "x") });
  state.learnImage("b", { trouble: "broken" });
  const next = state.listed(["1", "2"]);
  expect(next.tags).toEqual(["1", "2"]);
  expect([next.isKnown("1", "digest"), next.bytes]).toEqual([false, 0]);
  expect([next.hasImage("a"), next.hasImage("b")]).toEqual([true, false]);
  next.learnDigest("2", "a");
  expect([next.known("image"), next.bytes]).toEqual([1, 11]);
});
