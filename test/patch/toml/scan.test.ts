import { scanElements, scanKey, scanTables, skipValue, unquote } from "../../../patch/toml/scan";

describe("scanTables", () => {
  const headers = (text: string) => scanTables(text).map(({ path }) => path.join("|"));

  it("finds headers however they are written", () => {
    expect(headers('a = 1\n[ b . "c.d" ]# x\n\t[[e]]\r\n[\'f "g\']\n')).toEqual([
      "",
      "b|c.d",
      "e",
      'f "g',
    ]);
  });

  it("takes no line of an array or a string for a header", () => {
    const text = [
      "a = [",
      "  [1], # ]",
      '  ["]", "["],',
      "[2]]",
      'b = """',
      "[c]",
      '\\""""" # not the end before here',
      "d = '''",
      "[e]''''",
      "[f]",
    ].join("\n");
    expect(headers(text)).toEqual(["", "f"]);
  });

  it("gives each table its keys, with their places", () => {
    const text = "x.'y' = 1 # c\n[t]\n# none\n\n  z = [ 1,\n 2 ]\n";
    const [root, table] = scanTables(text);
    expect(root?.keyValues.map(({ path }) => path)).toEqual([["x", "y"]]);
    const [key] = table?.keyValues ?? [];
    expect(key && text.slice(key.valueStart, key.valueEnd)).toBe("[ 1,\n 2 ]");
    expect(key && text.slice(key.lineStart, key.lineEnd)).toBe("  z = [ 1,\n 2 ]\n");
  });

  it("begins behind a byte-order mark", () => {
    expect(scanTables("\uFEFFa = 1\n")[0]?.keyValues[0]?.path).toEqual(["a"]);
  });

  it.each([
    ["a.b.c", ["a", "b"], { shared: 2, ends: false }],
    ["a.b", ["a", "b"], { shared: 2, ends: true }],
    ["a", ["a", "b"], { shared: 1, ends: true }],
    ["a.bc", ["a", "b"], { shared: 1, ends: false }],
    ["a.'b'", ["a", "b"], { shared: 2, ends: true }],
    ['a."bc"', ["a", "b"], { shared: 1, ends: false }],
    ['a."\\u0062"', ["a", "b"], { shared: 2, ends: true }],
    ['"\\u0061b"', ["a", "b"], { shared: 0, ends: false }],
    [" a . b ", ["a", "b"], { shared: 2, ends: true }],
  ])("[%s] goes along a path as far as it does", (header, path, course) => {
    expect(scanTables(`[${header}]\n`)[1]?.along(path)).toEqual(course);
  });
});

it("scanKey reads dotted and quoted keys down to their parts", () => {
  const text = `a."b.c" . 'd"e'."\\u00fc\\t" = 1`;
  expect(scanKey(text, 0)).toEqual({
    path: ["a", "b.c", 'd"e', "ü\t"],
    partEnds: [1, 7, 15, 26],
    end: 27,
  });
});

it.each([
  ["1979-05-27 07:32:00 # c", "1979-05-27 07:32:00"],
  ['"a # b" # c', '"a # b"'],
  ["'C:\\' , 2", "'C:\\'"],
  ['"\\\\"]', '"\\\\"'],
  ['{ a = "}" } # c', '{ a = "}" }'],
  ["0xff, 2", "0xff"],
  ["true\r\n", "true"],
])("skipValue finds the end of %j", (text, value) => {
  expect(text.slice(0, skipValue(text, 0))).toBe(value);
});

it("scanElements takes arrays and inline tables apart", () => {
  const text = '[ "a, b", # x ]\n  [1, 2], ]';
  expect(
    scanElements(text, 0).map(({ valueStart, valueEnd }) => text.slice(valueStart, valueEnd)),
  ).toEqual(['"a, b"', "[1, 2]"]);
  expect(scanElements("{ a.b = 1, 'c' = { d = 2 } }", 0).map(({ path }) => path)).toEqual([
    ["a", "b"],
    ["c"],
  ]);
});

it("unquote reads every escape of TOML 1.0", () => {
  expect(unquote('"\\b\\t\\n\\f\\r\\"\\\\\\u00e9\\U0001F600"')).toBe('\b\t\n\f\r"\\é😀');
  expect(unquote("'\\n'")).toBe("\\n");
});
