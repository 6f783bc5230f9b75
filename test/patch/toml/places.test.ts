import { along, elementsOf, findTables, type Table } from "../../../patch/toml/places";

function tablesOf(text: string): Table[] {
  const tables = findTables(text);
  if (!Array.isArray(tables)) throw new Error(tables.found);
  return tables;
}

describe("findTables", () => {
  const headers = (text: string) => tablesOf(text).map(({ path }) => path.join("|"));

  it("finds headers in every spelling", () => {
    expect(headers('a = 1\n[ b . "c.d" ]# x\n\t[[e]]\r\n[\'f "g\']\n')).toEqual([
      "",
      "b|c.d",
      "e",
      'f "g',
    ]);
  });

  it("does not take a line of an array or a string for a header", () => {
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
    expect(headers(text.replace(" # not the end before here", ""))).toEqual(["", "f"]);
  });

  it("gives each table its keys, with their places", () => {
    const text = "x.'y' = 1 # 😀\n[t]\n# none\n\n  z = [ 1,\n 2 ]\n";
    const [root, table] = tablesOf(text);
    expect(root?.keyValues.map(({ path }) => path)).toEqual([["x", "y"]]);
    expect(root?.keyValues[0]?.partEnds).toEqual([1, 5]);
    const [key] = table?.keyValues ?? [];
    expect(key && text.slice(key.valueStart, key.valueEnd)).toBe("[ 1,\n 2 ]");
    expect(key && text.slice(key.lineStart, key.lineEnd)).toBe("  z = [ 1,\n 2 ]\n");
  });

  it("begins after a byte-order mark", () => {
    const [root] = tablesOf("\uFEFFa = 1\n");
    expect(root?.keyValues[0]?.path).toEqual(["a"]);
    expect(root?.keyValues[0]?.lineStart).toBe(1);
  });

  it.each([
    ["a.b.c", ["a", "b"], { shared: 2, ends: false }],
    ["a.b", ["a", "b"], { shared: 2, ends: true }],
    ["a", ["a", "b"], { shared: 1, ends: true }],
    ['a."\\u0062"', ["a", "b"], { shared: 2, ends: true }],
    ['"\\u0061b"', ["a", "b"], { shared: 0, ends: false }],
  ])("[%s] goes along a path as far as it does", (header, path, course) => {
    expect(along(tablesOf(`[${header}]\n`)[1] as Table, path)).toEqual(course);
  });

  it("names the first thing that is not TOML 1.0", () => {
    expect(findTables("a = {\n  b = 1 }\n")).toEqual({
      offset: 8,
      found:
        "no newlines are allowed between the curly braces unless they are valid within a value",
    });
  });
});

it("elementsOf splits arrays and inline tables", () => {
  const texts = (text: string) => {
    const [key] = tablesOf(text)[0]?.keyValues ?? [];
    return key && elementsOf(key.value).map((one) => text.slice(one.start, one.valueEnd));
  };
  expect(texts('a = [ "a, b", # x ]\n  [1, 2], ]')).toEqual(['"a, b"', "[1, 2]"]);
  expect(texts("a = { a.b = 1, 'c' = { d = 2 } }")).toEqual(["a.b = 1", "'c' = { d = 2 }"]);
  expect(texts("a = 1")).toEqual([]);
});
