import { spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Prints a line, takes a while, and writes what npm ci would: its record, and the transpiler that run.mjs loads. */
const NPM = `#!/bin/sh
echo begin >>"$ROOT/npm.log"
sleep 0.5
mkdir -p "$ROOT/node_modules/@swc/core"
echo '{"version": "1"}' >"$ROOT/node_modules/@swc/core/package.json"
echo 'exports.transformSync = (code) => ({ code });' >"$ROOT/node_modules/@swc/core/index.js"
echo '{"packages": {}}' >"$ROOT/node_modules/.package-lock.json"
echo end >>"$ROOT/npm.log"
`;

describe("cli/run.mjs", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "run-"));
    mkdirSync(join(root, "cli"));
    mkdirSync(join(root, "bin"));
    const transpiler = join("engine", "typescript.js");
    cpSync(join(__dirname, "..", "..", transpiler), join(root, transpiler));
    cpSync(join(__dirname, "..", "..", "cli", "run.mjs"), join(root, "cli", "run.mjs"));
    writeFileSync(join(root, "cli", "hello.ts"), 'exports.main = () => console.log("hello");');
    writeFileSync(join(root, "package-lock.json"), '{"packages": {}}');
    writeFileSync(join(root, "bin", "npm"), NPM, { mode: 0o755 });
  });

  afterEach(() => rmSync(root, { recursive: true }));

  const run = () =>
    new Promise<string>((resolve) => {
      const env = {
        ...process.env,
        ROOT: root,
        PATH: `${join(root, "bin")}:${process.env["PATH"]}`,
      };
      const child = spawn(process.execPath, [join(root, "cli", "run.mjs"), "hello"], { env });
      let said = "";
      child.stdout.on("data", (data: Buffer) => (said += data.toString()));
      child.stderr.on("data", (data: Buffer) => (said += data.toString()));
      child.once("close", () => resolve(said));
    });
  const installs = () => readFileSync(join(root, "npm.log"), "utf8");

  test("two at once in a fresh clone install the packages once, and both go on", async () => {
    const said = await Promise.all([run(), run()]);
    expect(said.sort()).toEqual(["Installing packages (npm ci) ...\nhello\n", "hello\n"]);
    expect(installs()).toBe("begin\nend\n");
    expect(existsSync(join(root, ".installing"))).toBe(false);
  });

  test("a lock whose holder is dead is taken over", async () => {
    const dead = spawn("true");
    await new Promise((resolve) => dead.once("close", resolve));
    writeFileSync(join(root, ".installing"), String(dead.pid));
    expect(await run()).toBe("Installing packages (npm ci) ...\nhello\n");
    expect(existsSync(join(root, ".installing"))).toBe(false);
  });

  test("with the packages there, nothing is installed", async () => {
    await run();
    expect(await run()).toBe("hello\n");
    expect(installs()).toBe("begin\nend\n");
  });
});

describe("npm itself", () => {
  /** Runs npm as from a shell, without the variables of the npm that runs these tests. */
  const npm = (...args: string[]) => {
    const own = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
    const env = { ...Object.fromEntries(own), npm_config_loglevel: "notice" };
    return spawnSync("npm", args, { cwd: join(__dirname, "..", ".."), encoding: "utf8", env });
  };

  test("lists the scripts where none is named, and we add nothing", () => {
    const { status, stdout, stderr } = npm("run");
    const { scripts } = JSON.parse(
      readFileSync(join(__dirname, "..", "..", "package.json"), "utf8"),
    ) as { scripts: Record<string, string> };
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const [name, line] of Object.entries(scripts))
      expect(stdout).toContain(`\n  ${name}\n    ${line}\n`);
    expect(stdout).not.toContain("usage:");
  });

  test("says what is wrong with a script that is not there, and we add nothing", () => {
    const { status, stdout, stderr } = npm("run", "unknown");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain('Missing script: "unknown"');
    for (const line of stderr.trim().split("\n")) expect(line).toMatch(/^npm (error|ERR!)/);
  });

  test("a command that no script has is named", () => {
    const run = join(__dirname, "..", "..", "cli", "run.mjs");
    const { status, stderr } = spawnSync(process.execPath, [run, "unknown"], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'unknown command "unknown"; run `npm run` to list the commands\n',
    });
  });
});
