import { table } from "../../images/words";

test("columns are as wide as their widest cell, without spaces at the end", () => {
  expect(
    table([
      ["A", "LONG"],
      ["abc", "x"],
    ]),
  ).toBe("A    LONG\nabc  x\n");
});
