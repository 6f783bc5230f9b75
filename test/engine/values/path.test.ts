import { changedKeys, diffMaps } from "../../../engine/values/diff";
import { contains, joinPath, parsePath, resetPath } from "../../../engine/values/path";
import { Secret } from "../../../engine/values/property";

test.each([
  ["a", ["a"]],
  ["a.b[0].c", ["a", "b", 0, "c"]],
  ['a["b.c"].d', ["a", "b.c", "d"]],
  ["triggers[*]", ["triggers", "*"]],
])("reads %s", (text, path) => {
  expect(parsePath(text)).toEqual(path);
});

test("says where a path cannot be read", () => {
  expect(() => parsePath("a[b")).toThrow('property path "a[b" is not readable at "[b"');
});

test("a star contains every element, and a path what lies below it, not what lies above", () => {
  expect(contains(parsePath("a[*]"), parsePath("a[1].b"))).toBe(true);
  expect(contains(parsePath("a.b"), parsePath("a"))).toBe(false);
});

test("puts back what a path leads to, in lists and in objects, and takes away what was not there", () => {
  expect(resetPath({ a: { b: 2, c: 2 } }, { a: { b: 1 } }, parsePath("a.b"))).toEqual({
    a: { b: 1, c: 2 },
  });
  expect(resetPath({ a: { b: 2 } }, { a: {} }, parsePath("a.b"))).toEqual({ a: {} });
  expect(resetPath({}, { a: 1 }, parsePath("a"))).toEqual({ a: 1 });
  expect(resetPath({ l: [{ x: 2 }, { x: 3 }] }, { l: [{ x: 1 }] }, parsePath("l[0].x"))).toEqual({
    l: [{ x: 1 }, { x: 3 }],
  });
});

test("the difference of two maps, path by path; secrets count by what they hold", () => {
  const detailed = diffMaps(
    { same: new Secret(1), list: ["a", "b"], gone: true, odd: { "x.y": 1 } },
    { same: 1, list: ["a", "c", "d"], added: null, odd: { "x.y": 2 } },
  );
  expect(detailed).toEqual({
    "list[1]": "update",
    "list[2]": "add",
    gone: "delete",
    added: "add",
    'odd["x.y"]': "update",
  });
  expect(changedKeys(detailed)).toEqual(["list", "gone", "odd", "added"]);
  expect(joinPath("a", "b-c")).toBe('a["b-c"]');
});
