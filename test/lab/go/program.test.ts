import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import {
  ensureGoProgram,
  goProgramFolder,
  requiredVersion,
  whyNoGoProgram,
  type GoProgram,
} from "../../../lab/go/program";

jest.setTimeout(600_000);

const go = spawnSync("go", ["version"], { encoding: "utf8" });
const withGo = go.status === 0 ? test : test.skip;
const PATH = process.env["PATH"];

let folder: string;
let cache: string;
let hello: GoProgram;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "go-"));
  cache = path.join(folder, "cache");
  const source = path.join(folder, "hello");
  fs.mkdirSync(source);
  fs.writeFileSync(path.join(source, "go.mod"), "module example.com/hello\n\ngo 1.21\n");
  fs.writeFileSync(path.join(source, "go.sum"), "");
  fs.writeFileSync(
    path.join(source, "main.go"),
    'package main\n\nvar word = "nothing"\n\nfunc main() { print(word) }\n',
  );
  hello = { folder: source, packages: ["example.com/hello"], variables: { "main.word": "hello" } };
});
afterEach(() => {
  process.env["PATH"] = PATH;
  fs.rmSync(folder, { recursive: true, force: true });
});

withGo(
  `a program is built once, with its variables, and nothing is left beside it (${go.status === 0 ? "Go" : "skipped: no Go compiler on PATH"})`,
  async () => {
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    const [first, second] = await Promise.all([
      ensureGoProgram(cache, hello, log),
      ensureGoProgram(cache, hello, log),
    ]);
    expect(first).toBe(goProgramFolder(cache, hello));
    expect(second).toBe(first);
    const { stderr } = spawnSync(path.join(first, "hello"), { encoding: "utf8" });
    expect(stderr).toBe("hello");
    expect(lines.filter((line) => line.startsWith("building "))).toHaveLength(1);
    expect(fs.readdirSync(cache)).toEqual([path.basename(first)]);

    // What is in the cache needs no compiler.
    process.env["PATH"] = "/nonexistent";
    expect(whyNoGoProgram(cache, hello)).toBeUndefined();
    expect(await ensureGoProgram(cache, hello, log)).toBe(first);
  },
);

withGo(
  `a build that fails says what the compiler said, and leaves nothing in the cache (${go.status === 0 ? "Go" : "skipped: no Go compiler on PATH"})`,
  async () => {
    fs.writeFileSync(
      path.join(hello.folder, "main.go"),
      "package main\n\nfunc main() { nonsense }\n",
    );
    await expect(ensureGoProgram(cache, hello, () => undefined)).rejects.toThrow(
      "undefined: nonsense",
    );
    expect(fs.readdirSync(cache)).toEqual([]);
  },
);

withGo(
  `a program of several executables has each of them in its folder (${go.status === 0 ? "Go" : "skipped: no Go compiler on PATH"})`,
  async () => {
    const more = path.join(hello.folder, "more");
    fs.mkdirSync(more);
    fs.writeFileSync(path.join(more, "main.go"), "package main\n\nfunc main() {}\n");
    const both = { ...hello, packages: ["example.com/hello", "example.com/hello/more"] };
    const built = await ensureGoProgram(cache, both, () => undefined);
    expect(fs.readdirSync(built).sort()).toEqual(["hello", "more"]);
  },
);

test("another file than go.mod is another program, with the versions of that file", () => {
  const other = { ...hello, modfile: "1.0.mod" };
  fs.writeFileSync(
    path.join(hello.folder, "1.0.mod"),
    "module example.com/hello\n\nrequire example.com/one v1.0.0\n",
  );
  expect(goProgramFolder(cache, other)).not.toBe(goProgramFolder(cache, hello));
  expect(requiredVersion(hello.folder, "example.com/one", "1.0.mod")).toBe("v1.0.0");
  expect(() => requiredVersion(hello.folder, "example.com/two", "1.0.mod")).toThrow(
    `${hello.folder}/1.0.mod does not require example.com/two`,
  );
});

test("another go.sum, source, package or variable is another program in the cache", () => {
  const before = goProgramFolder(cache, hello);
  expect(goProgramFolder(cache, { ...hello, packages: ["example.com/other"] })).not.toBe(before);
  expect(goProgramFolder(cache, { ...hello, variables: {} })).not.toBe(before);
  fs.writeFileSync(path.join(hello.folder, "go.sum"), "other\n");
  const withSum = goProgramFolder(cache, hello);
  expect(withSum).not.toBe(before);
  fs.writeFileSync(path.join(hello.folder, "main.go"), "package main\n\nfunc main() {}\n");
  expect(goProgramFolder(cache, hello)).not.toBe(withSum);
});

test("the version that a go.mod requires is the one that is built, and a module that is not required is named", () => {
  const { folder } = hello;
  const modules = [
    "require example.com/one v1.2.3",
    "require (",
    "\texample.com/two/v2/api v1.0.0",
    "\texample.com/two/v2 v2.0.1 // indirect",
    ")",
  ];
  fs.writeFileSync(path.join(folder, "go.mod"), modules.join("\n"));
  expect(requiredVersion(folder, "example.com/one")).toBe("v1.2.3");
  expect(requiredVersion(folder, "example.com/two/v2")).toBe("v2.0.1");
  expect(requiredVersion(folder, "example.com/two/v2/api")).toBe("v1.0.0");
  expect(() => requiredVersion(folder, "example.com/two")).toThrow(
    `${folder}/go.mod does not require example.com/two`,
  );
});

test("without a Go compiler the reason names what cannot be built", async () => {
  process.env["PATH"] = "/nonexistent";
  const reason = "no Go compiler on PATH to build hello with";
  expect(whyNoGoProgram(cache, hello)).toBe(reason);
  await expect(ensureGoProgram(cache, hello, () => undefined)).rejects.toThrow(
    new Error(`${reason}: install Go, or name a cache that has it in CLUSTER_REGISTRY_CACHE`),
  );
});
