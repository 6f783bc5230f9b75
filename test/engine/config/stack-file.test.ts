import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { splitKey, StackFile } from "../../../engine/config/stack-file";

let folder: string;
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "config-"))));
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

/** What the file says after some changes by path. */
async function after(...changes: [key: string, value?: string][]): Promise<string> {
  const file = StackFile.load(folder, "dev");
  for (const [text, value] of changes) {
    const { key, path: way } = splitKey("p", text, true);
    if (value === undefined) file.remove(key, way);
    else file.set(key, value, undefined, way);
  }
  await file.save();
  return fs.readFileSync(file.file, "utf8");
}

test("an index beyond the end of a list fills it up with nothing, as in the CLI", async () => {
  expect(await after(["nodes[2].a", "v"])).toBe(
    "config:\n  p:nodes:\n    - null\n    - null\n    - a: v\n",
  );
});

test("a whole value gives way to an object; what lies within one does not", async () => {
  expect(await after(["k", "v"], ["k.sub", "v"])).toBe("config:\n  p:k:\n    sub: v\n");
  await expect(after(["k.sub.deeper", "v"])).rejects.toThrow("k.sub: expected a map");
  await expect(after(["k.sub[0]", "v"])).rejects.toThrow("k.sub: expected an array");
  fs.writeFileSync(path.join(folder, "Pulumi.dev.yaml"), "config: {p:o: {s: {secure: x}}}");
  await expect(after(["o.s.x", "v"])).rejects.toThrow("o.s: expected a map");
});

test("removing takes an element out of its list, and what is not there is gone already", async () => {
  await after(["nodes[0]", "a"], ["nodes[1]", "b"]);
  expect(await after(["nodes[0]"], ["nodes[7]"], ["nodes[0].x.y"], ["none.at.all"])).toBe(
    "config:\n  p:nodes:\n    - b\n",
  );
});

test("a key is a name, a namespace and a name, or that with config between, as former versions wrote it", () => {
  expect(splitKey("p", "a.b[0]", false)).toEqual({ key: "p:a.b[0]", path: [] });
  expect(splitKey("p", "x:k", false)).toEqual({ key: "x:k", path: [] });
  expect(splitKey("p", "x:config:k", false)).toEqual({ key: "x:k", path: [] });
  expect(splitKey("p", 'x:a["b.c"][0]', true)).toEqual({ key: "x:a", path: ["b.c", 0] });
  expect(() => splitKey("p", ".a", true)).toThrow('property path ".a" is not readable at ".a"');
});
