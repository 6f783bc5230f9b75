import { table } from "../../lab/status";

test("table aligns the columns and leaves no space at a line's end", () => {
  const rows = [
    ["HOST", "STATE"],
    ["controlplane", "running"],
    ["n", ""],
  ];
  expect(table(rows)).toBe("HOST          STATE\ncontrolplane  running\nn");
});
