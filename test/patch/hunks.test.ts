import { applyEdits, type Edit, type FilePlan, type Hunk, hunks, revert } from "../../patch";

function file(base: string | undefined, edits: Edit[]): FilePlan {
  const bytes = base === undefined ? undefined : Buffer.from(base);
  return { path: "f", base: bytes, edits, desired: applyEdits(bytes ?? Buffer.alloc(0), edits) };
}

const insert = (offset: number, text: string): Edit => ({ offset, length: 0, text });

describe("applyEdits", () => {
  it("puts each edit in the place of its bytes", () => {
    const edits = [insert(0, "x"), { offset: 2, length: 1, text: "ü" }];
    expect(applyEdits(Buffer.from("abc"), edits).toString()).toBe("xabü");
  });

  it("refuses edits that overlap, are out of order, or leave the file", () => {
    const bytes = Buffer.from("abc");
    const overlapping = [{ offset: 0, length: 2, text: "" }, insert(1, "x")];
    expect(() => applyEdits(bytes, overlapping)).toThrow("edit at byte 1 overlaps another");
    expect(() => applyEdits(bytes, [{ offset: 2, length: 2, text: "" }])).toThrow(RangeError);
  });
});

describe("hunks", () => {
  const cases: [string, FilePlan, Hunk[]][] = [
    [
      "lines put between two",
      file("a\nb\n", [insert(2, "x\ny\n")]),
      [{ line: 2, removed: [], added: ["x", "y"] }],
    ],
    ["lines put on top", file("a\n", [insert(0, "x\n")]), [{ line: 1, removed: [], added: ["x"] }]],
    [
      "lines put at the end",
      file("a\n", [insert(2, "x\n")]),
      [{ line: 2, removed: [], added: ["x"] }],
    ],
    [
      "lines put behind an open last line: it is no part of the hunk",
      file("a\nb", [insert(3, "\nx\ny")]),
      [{ line: 3, removed: [], added: ["x", "y"] }],
    ],
    [
      "a value that is replaced",
      file("a\nk = 1\nb\n", [{ offset: 6, length: 1, text: "2" }]),
      [{ line: 2, removed: ["k = 1"], added: ["k = 2"] }],
    ],
    [
      "two edits of one line",
      file("k = 1, 2\n", [insert(4, "0, "), insert(8, ", 3")]),
      [{ line: 1, removed: ["k = 1, 2"], added: ["k = 0, 1, 2, 3"] }],
    ],
    [
      "two places, each in the numbers of the base",
      file("a\nb\nc\n", [insert(2, "x\n"), insert(4, "y\n")]),
      [
        { line: 2, removed: [], added: ["x"] },
        { line: 3, removed: [], added: ["y"] },
      ],
    ],
    [
      "a line on top and one at the end of a file of one line",
      file("a\n", [insert(0, "x\n"), insert(2, "y\n")]),
      [
        { line: 1, removed: [], added: ["x"] },
        { line: 2, removed: [], added: ["y"] },
      ],
    ],
    [
      "CRLF: the \\r is part of the line",
      file("a\r\n", [insert(3, "x\r\n")]),
      [{ line: 2, removed: [], added: ["x\r"] }],
    ],
    [
      "a line that is the same as its neighbour",
      file("a\na\n", [insert(2, "a\n")]),
      [{ line: 2, removed: [], added: ["a"] }],
    ],
    [
      "text that is not ASCII, before and in it",
      file("ü\n", [insert(3, "ß\n")]),
      [{ line: 2, removed: [], added: ["ß"] }],
    ],
    [
      "a new file",
      file(undefined, [insert(0, "x\ny\n")]),
      [{ line: 1, removed: [], added: ["x", "y"] }],
    ],
    [
      "a file that had no bytes",
      file("", [insert(0, "x\n")]),
      [{ line: 1, removed: [], added: ["x"] }],
    ],
    [
      "a file that goes",
      { ...file("a\nb", [{ offset: 0, length: 3, text: "" }]), desired: undefined },
      [{ line: 1, removed: ["a", "b"], added: [] }],
    ],
    ["no edit", file("a\n", []), []],
  ];

  it.each(cases)("of %s", (_, plan, expected) => {
    expect(hunks(plan)).toEqual(expected);
  });

  it.each(cases)("when reverted, give the base: %s", (_, plan) => {
    expect(revert(plan)).toBe(true);
  });

  it("cannot express a new newline at the end, and are refused then", () => {
    expect(() => hunks(file("a", [insert(1, "\n")]))).toThrow("f: a plan must not change");
  });
});
