import type { Image } from "../../../registry/image";
import { companionOf, type Sort, sortTags } from "../../../ui/page/sort-tags";

const image = (created?: string) => ({ created }) as unknown as Image;
const dates: Record<string, Image> = {
  new: image("2026-02-01T00:00:00Z"),
  old: image("2026-01-01T00:00:00Z"),
  reproducible: image("1970-01-01T00:00:00Z"),
};
const sorted = (names: string[], sort: Sort) =>
  sortTags(
    names,
    sort,
    (name) => ({ name, ...(dates[name] && { image: dates[name] }) }),
    () => undefined,
  );

test("tags without a date stand last in both directions", () => {
  const names = ["reproducible", "old", "unread", "new"];
  expect(sorted(names, { by: "date", descending: true })).toEqual([
    "new",
    "old",
    "unread",
    "reproducible",
  ]);
  expect(sorted(names, { by: "date", descending: false }).slice(0, 2)).toEqual(["old", "new"]);
});

test("signatures stand behind all other tags in every order", () => {
  const signature = `sha256-${"0".repeat(64)}.sig`;
  for (const by of ["name", "version", "date", "size"] as const)
    for (const descending of [true, false])
      expect(sorted([signature, "z", "1.0"], { by, descending }).at(-1)).toBe(signature);
});

test("the names of the list itself are not moved", () => {
  const names = ["1.0", "1.10", "1.9"];
  expect(sorted(names, { by: "version", descending: true })).toEqual(["1.10", "1.9", "1.0"]);
  expect(names).toEqual(["1.0", "1.10", "1.9"]);
});

test("a tag of cosign's naming belongs to the digest in its name", () => {
  const hex = "a".repeat(64);
  for (const end of [".sig", ".att", ".sbom", ""])
    expect(companionOf(`sha256-${hex}${end}`)).toBe(`sha256:${hex}`);
  expect(companionOf(`sha256-${hex}.txt`)).toBeUndefined();
  expect(companionOf("sha256-abc.sig")).toBeUndefined();
});
