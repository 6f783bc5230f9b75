import { sizeText, table } from "../../images/words";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [12345, "12.3 kB"],
  [99950, "100 kB"],
  [999499, "999 kB"],
  [999500, "1.0 MB"],
  [7.5e9, "7.5 GB"],
  [3e15, "3000 TB"],
])("%d bytes are %s", (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

test("columns are as wide as their widest cell, without spaces at the end", () => {
  expect(
    table([
      ["A", "LONG"],
      ["abc", "x"],
    ]),
  ).toBe("A    LONG\nabc  x\n");
});
