import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from "node:fs"; // prettier-ignore
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "typescript-"));
  mkdirSync(join(folder, "engine"));
  cpSync(join(ROOT, "engine", "typescript.js"), join(folder, "engine", "typescript.js"));
  mkdirSync(join(folder, "node_modules"));
  for (const name of ["@swc", "source-map-support", "source-map", "buffer-from"])
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
});
afterEach(() => rmSync(folder, { recursive: true }));

const cache = () => join(folder, "node_modules", ".cache", "cluster-registry");
/** Runs `main.ts`, and says what it printed, and whether the compiler was loaded for it. */
const run = (source: string) => {
  writeFileSync(join(folder, "main.ts"), source);
  const script = `
    const { mapStackTraces, registerTypeScript } = require("./engine/typescript.js");
    mapStackTraces(registerTypeScript(), () => require("source-map-support"));
    require("./main.ts");
    const loaded = (name) => Object.keys(require.cache).some((file) => file.includes(name));
    console.log(JSON.stringify({ swc: loaded("/@swc/core/index"), maps: loaded("source-map-support") }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", script], { cwd: folder, encoding: "utf8" }); // prettier-ignore
  if (stderr !== "") throw new Error(stderr);
  return stdout.trimEnd().split("\n");
};

test("a file is transpiled once, and again when it has changed; old entries do not pile up", () => {
  const source = (text: string) => `const said: string = "${text}";\nconsole.log(said);\n`;
  expect(run(source("one"))).toEqual(["one", '{"swc":true,"maps":false}']);
  expect(run(source("one"))).toEqual(["one", '{"swc":false,"maps":false}']);
  expect(run(source("two"))).toEqual(["two", '{"swc":true,"maps":false}']);
  expect(readdirSync(cache())).toHaveLength(1);
});

test("an entry that is cut short is made again, and packages that cannot be written beside are no error", () => {
  const source = "const n: number = 1;\nconsole.log(n);\n";
  run(source);
  const [entry = ""] = readdirSync(cache());
  const whole = readFileSync(join(cache(), entry), "utf8");
  writeFileSync(join(cache(), entry), whole.slice(0, 40));
  expect(run(source)).toEqual(["1", '{"swc":true,"maps":false}']);
  expect(readFileSync(join(cache(), entry), "utf8")).toBe(whole);
  rmSync(cache(), { recursive: true });
  writeFileSync(cache(), "a file where the folder would be");
  expect(run(source)).toEqual(["1", '{"swc":true,"maps":false}']);
});

test("a stack names the lines of the source, from the kept entry too", () => {
  const source = "type Long = {\n  a: string;\n};\n\nconsole.log(new Error('here').stack);\n";
  for (const swc of [true, false]) {
    const [, frame, ...rest] = run(source);
    expect(frame).toContain(`${join(folder, "main.ts")}:5:13`);
    expect(rest.at(-1)).toBe(`{"swc":${swc},"maps":true}`);
  }
});
