import { parseFlags, type FlagSpec } from "../../../engine/command/flags";

const SPECS: Record<string, FlagSpec> = {
  yes: { kind: "switch", short: "y", help: "" },
  "skip-preview": { kind: "switch", short: "f", help: "" },
  stack: { kind: "value", short: "s", help: "" },
  refresh: { kind: "switch", short: "r", help: "" },
  target: { kind: "list", short: "t", help: "" },
};
const parse = (...args: string[]) => parseFlags(args, SPECS);

test("short flags stand together, and the one that takes a value ends them", () => {
  const both = { yes: true, "skip-preview": true };
  expect(parse("-yf").flags).toEqual(both);
  expect(parse("-yfs", "dev").flags).toEqual({ ...both, stack: "dev" });
  expect(parse("-yfsdev", "rest")).toEqual({ flags: { ...both, stack: "dev" }, rest: ["rest"] });
  expect(parse("-fs=dev").flags).toEqual({ "skip-preview": true, stack: "dev" });
  expect(parse("-ry").flags).toEqual({ refresh: true, yes: true });
  expect(parse("-r=false", "-y=F").flags).toEqual({ refresh: false, yes: false });
  expect(parse("-ta", "-t", "b", "--target=c").flags).toEqual({ target: ["a", "b", "c"] });
});

test("what follows -- is no flag", () => {
  expect(parse("-y", "--", "-f", "-5")).toEqual({ flags: { yes: true }, rest: ["-f", "-5"] });
});

test("what is not known, or lacks its value, is named as the CLI names it", () => {
  expect(() => parse("-yx")).toThrow("unknown shorthand flag: 'x' in -x");
  expect(() => parse("-12")).toThrow("unknown shorthand flag: '1' in -12");
  expect(() => parse("--bogus=1")).toThrow("unknown flag: --bogus");
  expect(() => parse("-ys")).toThrow("flag needs an argument: 's' in -s");
  expect(() => parse("--stack")).toThrow("flag needs an argument: --stack");
  expect(() => parse("-y=maybe")).toThrow(
    'invalid argument "maybe" for "-y, --yes" flag: expected true or false',
  );
});
