import { distance, nearest } from "../../doctor/nearest";

test("the distance counts letters that are changed, put in or left out", () => {
  expect(distance("mynginx", "mynginx")).toBe(0);
  expect(distance("mynginx", "myngins")).toBe(1);
  expect(distance("app", "ap")).toBe(1);
  expect(distance("", "abc")).toBe(3);
});

test("the nearest names come first, and a folder before the name does not count", () => {
  expect(nearest("myngins", ["mynginx", "team/mynginx", "php", "myngins2"])).toEqual([
    "myngins2",
    "mynginx",
    "team/mynginx",
  ]);
});

test("names that are quite different are not named", () => {
  expect(nearest("frontend", ["php", "mysql"])).toEqual([]);
});
