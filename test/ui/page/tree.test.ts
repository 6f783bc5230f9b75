import { matches, treeRows } from "../../../ui/page/tree";

const rows = (names: string[], isExpanded = (_: string) => true) =>
  treeRows(names, isExpanded).map(({ path, level, isRepository, expanded, position, siblings }) =>
    [path, level, isRepository, expanded, `${position}/${siblings}`].join(" "),
  );

test("a name can be a repository and the folder of others", () => {
  expect(rows(["app/web", "app", "zoo"])).toEqual([
    "app 1 true true 1/2",
    "app/web 2 true  1/1",
    "zoo 1 true  2/2",
  ]);
});

test("a folded path hides what is below it", () => {
  expect(rows(["a/b/c", "a/d"], (path) => path !== "a/b")).toEqual([
    "a 1 false true 1/1",
    "a/b 2 false false 1/2",
    "a/d 2 true  2/2",
  ]);
});

test("a search needs all its words, in any order and case", () => {
  expect(matches("shop/web", "WEB shop")).toBe(true);
  expect(matches("shop/web", "web api")).toBe(false);
  expect(matches("shop/web", "")).toBe(true);
});
