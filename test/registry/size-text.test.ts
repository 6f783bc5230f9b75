import { sizeText } from "../../registry/size-text";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.00 kB"],
  [12345, "12.3 kB"],
  [99950, "100 kB"],
  [999499, "999 kB"],
  [999500, "1.00 MB"],
  [9_995_000, "10.0 MB"],
  [7.5e9, "7.50 GB"],
  [3e15, "3000 TB"],
])("%d bytes are %s", (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
