import { leftOut } from "../../cli/left-out";

test("a run that skipped nodes says which, and why", () => {
  expect(leftOut({ skipped: { node03: "no route", node04: "bad file" } })).toBe(
    "partly done: these nodes were skipped, and the next up covers them:\n  node03: no route\n  node04: bad file",
  );
  expect(leftOut({ skipped: { node03: "no route" } })).toBe(
    "partly done: this node was skipped, and the next up covers it:\n  node03: no route",
  );
});

test("a run that skipped none says nothing", () => {
  expect(leftOut({})).toBeUndefined();
  expect(leftOut({ skipped: {} })).toBeUndefined();
});
