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

test("the version that a go.mod requires is the one that is built", () => {
  const module = "example.com/other/v2";
  fs.appendFileSync(
    path.join(hello.folder, "go.mod"),
    `\nrequire ${module}/api v1.0.0\nrequire ${module} v2.3.4\n`,
  );
  expect(requiredVersion(hello.folder, module)).toBe("v2.3.4");
  expect(() => requiredVersion(hello.folder, "example.com/none")).toThrow(
    "/hello/go.mod does not require example.com/none",
  );
});

test("another go.sum, or another variable, is another program in the cache", () => {
  const before = goProgramFolder(cache, hello);
  expect(goProgramFolder(cache, { ...hello, variables: {} })).not.toBe(before);
  fs.writeFileSync(path.join(hello.folder, "go.sum"), "other\n");
  expect(goProgramFolder(cache, hello)).not.toBe(before);
});

test("without a Go compiler the reason names what cannot be built", () => {
  process.env["PATH"] = "/nonexistent";
  expect(whyNoGoProgram(cache, hello)).toBe(
    "no Go compiler on PATH to build example.com/hello with",
  );
});
