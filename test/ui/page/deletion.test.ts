import type { Image } from "../../../registry/image";
import { planDeletion } from "../../../ui/page/deletion";

const digest = (of: string) => `sha256:${of.repeat(64)}`;
const row = (name: string, of: string, layers: string[], isRead = true) => ({
  name,
  digest: digest(of),
  ...(isRead && {
    image: {
      kind: "image",
      manifest: {
        digest: digest(of),
        size: 1,
        layers: layers.map((layer) => ({ digest: digest(layer), size: 100 })),
        manifests: [],
      },
      platforms: [],
      attestations: [],
      missing: [],
    } as unknown as Image,
  }),
});

test("a digest stays as long as one of its tags does, and then nothing becomes free", () => {
  const all = [row("1.0", "a", ["1"]), row("latest", "a", ["1"])];
  expect(planDeletion(all, new Set(["1.0"]))).toEqual({
    digests: [{ digest: digest("a"), going: ["1.0"], staying: ["latest"] }],
    unread: [],
    companions: [],
    bytes: 0,
  });
});

test("what becomes free is not shared with an image that stays", () => {
  const all = [row("1", "a", ["1", "2"]), row("2", "b", ["1", "3"])];
  expect(planDeletion(all, new Set(["1"])).bytes).toBe(101);
});

test("an image that is not read yet leaves open what becomes free", () => {
  expect(planDeletion([row("1", "a", ["1"], false)], new Set(["1"]))).not.toHaveProperty("bytes");
});

test("the signatures of a digest that goes are named, and those of one that stays are not", () => {
  const signature = (of: string) => row(`sha256-${of.repeat(64)}.sig`, "f", []);
  const all = [row("1", "a", []), row("2", "b", []), signature("a"), signature("b")];
  expect(planDeletion(all, new Set(["1"])).companions).toEqual([`sha256-${"a".repeat(64)}.sig`]);
});

test("a tag that cannot be read goes all the same", () => {
  const plan = planDeletion([{ name: "lost", trouble: "no manifest" }], new Set(["lost"]));
  expect(plan.unread).toEqual(["lost"]);
});
