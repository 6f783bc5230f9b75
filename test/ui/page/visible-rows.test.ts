import { visibleRows } from "../../../ui/page/visible-rows";

test("the rows of the visible area are drawn, with some around them", () => {
  expect(visibleRows(10_000, 50, 5000, 600)).toEqual({ first: 92, end: 120 });
});

test("no row is before the first or behind the last", () => {
  expect(visibleRows(10_000, 50, 0, 600)).toEqual({ first: 0, end: 20 });
  expect(visibleRows(10_000, 50, 499_400, 600)).toEqual({ first: 9980, end: 10_000 });
  expect(visibleRows(3, 50, 0, 600)).toEqual({ first: 0, end: 3 });
  expect(visibleRows(0, 50, 0, 600)).toEqual({ first: 0, end: 0 });
});

test("a list below the visible area draws nothing", () => {
  expect(visibleRows(100, 50, -2000, 600)).toEqual({ first: 0, end: 0 });
});
