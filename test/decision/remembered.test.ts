import { remembered } from "../../decision/remembered";

/** The number of calls of the function itself for these inputs. */
function calls(...inputs: unknown[]): number {
  let count = 0;
  const work = remembered((_input: unknown) => ({ call: ++count }));
  inputs.forEach(work);
  return count;
}

test("equal inputs give the result of the first one, without another call", () => {
  const input = () => ({
    bytes: Buffer.from("version = 2\n"),
    files: new Map([["/a", Buffer.from("a")]]),
    dump: undefined,
    list: ["x", 1, true, null],
  });
  expect(calls(input(), input())).toBe(1);
  const work = remembered((given: { bytes: Buffer }) => given.bytes.toString());
  expect([work(input()), work({ ...input(), bytes: Buffer.from("other") })]).toEqual([
    "version = 2\n",
    "other",
  ]);
});

test("any difference is another input", () => {
  const inputs: unknown[] = [
    ...[{ a: "1" }, { a: 1 }, { a: [1] }, { a: ["1"] }, { a: Buffer.from("1") }, { b: "1" }],
    ...[{ a: null }, { a: undefined }, {}, { a: "null" }, { a: "" }, { a: {} }, { a: [] }],
    ...[{ a: ["ab", "c"] }, { a: ["a", "bc"] }, { a: ["abc"] }, { a: "x", b: "y" }],
    ...[{ m: new Map([["a", Buffer.from("b")]]) }, { m: new Map([["a", Buffer.from("c")]]) }],
    { a: "string 1 x" },
  ];
  expect(calls(...inputs)).toBe(inputs.length);
});

test("an error is not remembered", () => {
  let count = 0;
  const work = remembered(() => {
    count++;
    throw new Error("refused");
  });
  expect(() => work({})).toThrow("refused");
  expect(() => work({})).toThrow("refused");
  expect(count).toBe(2);
});

test("the oldest result goes first when there are too many", () => {
  const many = Array.from({ length: 100 }, (_, index) => index);
  expect(calls(...many, 0, 99)).toBe(100);
  expect(calls(...many, 100, 99, 1)).toBe(101);
  expect(calls(...many, 100, 0)).toBe(102);
});
