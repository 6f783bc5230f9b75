import { changedKeys, diffMaps } from "../../../engine/values/diff";
import { contains, joinPath, parsePath, resetPath } from "../../../engine/values/path";
import { Secret, type PropertyMap } from "../../../engine/values/property";

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

const reset = (news: PropertyMap, olds: PropertyMap, path: string) =>
  resetPath(news, olds, parsePath(path));

test("puts back what a path leads to, in lists and in objects, and takes away what was not there", () => {
  expect(reset({ a: { b: 2, c: 2 } }, { a: { b: 1 } }, "a.b").news).toEqual({ a: { b: 1, c: 2 } });
  expect(reset({ a: { b: 2 } }, { a: {} }, "a.b").news).toEqual({ a: {} });
  expect(reset({}, { a: 1 }, "a").news).toEqual({ a: 1 });
  expect(reset({ l: [{ x: 2 }, { x: 3 }] }, { l: [{ x: 1 }] }, "l[0].x").news).toEqual({
    l: [{ x: 1 }, { x: 3 }],
  });
  expect(reset({ a: { b: 2, d: 2 } }, { a: { b: 1, c: 1 } }, "a.*").news).toEqual({
    a: { b: 1, c: 1 },
  });
});

test("what lay in a secret stays secret when it is put back, and a secret stays one around what is put back", () => {
  const plain = { login: { user: "b", password: "new" } };
  const sealed = { login: new Secret({ user: "a", password: "old" }) };
  expect(reset(plain, sealed, "login.password").news).toEqual({
    login: { user: "b", password: new Secret("old") },
  });
  expect(reset(plain, sealed, "login.*").news).toEqual({
    login: { user: new Secret("a"), password: new Secret("old") },
  });
  expect(reset({ l: ["n"] }, { l: new Secret(["o"]) }, "l[0]").news).toEqual({
    l: [new Secret("o")],
  });
  expect(reset(sealed, plain, "login.password").news).toEqual({
    login: new Secret({ user: "a", password: "new" }),
  });
  const inside = { login: { password: new Secret("old") } };
  expect(reset(plain, { login: new Secret(inside.login) }, "login.password").news).toEqual({
    login: { user: "b", password: new Secret("old") },
  });
});

// As Pulumi's own reset answers.
test.each<[string, PropertyMap, PropertyMap, PropertyMap, boolean]>([
  ["l[*].k", { l: [{ k: 2 }, { k: 3 }] }, { l: [{ k: 1 }] }, { l: [{ k: 1 }, { k: 3 }] }, false],
  ["l[*].k", { l: [{ k: 2 }] }, { l: [{ k: 1 }, { k: 0 }] }, { l: [{ k: 1 }] }, false],
  ["l[*].k", { l: [{ k: 2 }] }, { l: [{ k: 1 }] }, { l: [{ k: 1 }] }, true],
  ["l[*]", { l: [1, 2] }, { l: [0] }, { l: [0, 2] }, false],
  ["l[1]", { l: [1, 2] }, { l: [0] }, { l: [1, 2] }, false],
  ["l[5]", { l: [1, 2] }, { l: [0] }, { l: [1, 2] }, true],
  ["l[1].k", { l: [1] }, { l: [0] }, { l: [1] }, false],
  ["a.b.c", { a: {} }, { a: { b: { c: 1 } } }, { a: {} }, false],
  ["a.b.c", { a: {} }, { a: {} }, { a: {} }, true],
  ["a.b", { a: "text" }, { a: { b: 1 } }, { a: "text" }, false],
  [
    "a.*.k",
    { a: { x: { k: 2 } } },
    { a: { x: { k: 1 }, y: { k: 1 } } },
    { a: { x: { k: 1 } } },
    false,
  ],
  [
    "a.*.k",
    { a: { x: { k: 2 }, y: { k: 2 } } },
    { a: { x: { k: 1 } } },
    { a: { x: { k: 1 }, y: { k: 2 } } },
    true,
  ],
  ["nothing", { a: 1 }, { a: 1 }, { a: 1 }, true],
  ["", { a: 1 }, { a: 2 }, { a: 1 }, false],
])("%s of %j put back to %j is %j, and fits: %j", (path, news, olds, expected, ok) => {
  expect(reset(news, olds, path)).toEqual({ news: expected, ok });
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
