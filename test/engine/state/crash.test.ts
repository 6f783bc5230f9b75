import { transformFileSync } from "@swc/core";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

jest.setTimeout(300_000);
const files = path.join(__dirname, "../../../engine/state/files.ts");

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "crash-"));
  const { code } = transformFileSync(files, {
    module: { type: "commonjs" },
    jsc: { target: "es2022", parser: { syntax: "typescript" } },
  });
  fs.writeFileSync(path.join(folder, "files.js"), code);
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A process that writes one state after the other, as the backend does, and says which one is on the disk. */
const WRITER = `
  const { writeAtomically } = require("./files.js");
  const state = (serial) => JSON.stringify({ serial, filler: String(serial).repeat(20_000), end: serial });
  (async () => {
    for (let serial = Number(process.argv[2]); ; serial += 1) {
      await writeAtomically("dev.json", state(serial), true);
      require("node:fs").writeSync(1, serial + "\\n");
    }
  })();
`;

interface State {
  serial: number;
  end: number;
}

/** Throws where the file is torn. */
function load(name: string): number {
  const { serial, end } = JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")) as State;
  expect(end).toBe(serial);
  return serial;
}

test("kill -9 in the middle of writing, again and again: what loads is the last state that was reported, or the next one", async () => {
  fs.writeFileSync(path.join(folder, "writer.js"), WRITER);
  let next = 1;
  for (let round = 0; round < 60; round += 1) {
    const child = spawn(process.execPath, ["writer.js", String(next)], { cwd: folder });
    // Two at least: the very first state has none before it.
    const reported = await killedAfter(child, 2 + Math.floor(Math.random() * 4));
    const loaded = load("dev.json");
    expect([reported, reported + 1]).toContain(loaded);
    expect([loaded - 1, loaded]).toContain(load("dev.json.bak"));
    next = loaded + 1;
  }
  expect(next).toBeGreaterThan(60);
});

/** Lets it report so many states, and kills it at some moment of the next one. @returns the last that it reported */
async function killedAfter(child: ChildProcess, states: number): Promise<number> {
  let text = "";
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.stdout?.on("data", (data: Buffer) => {
    text += data.toString();
    if (text.split("\n").length > states) {
      setTimeout(() => child.kill("SIGKILL"), Math.random() * 4);
    }
  });
  await ended;
  return Number(text.trimEnd().split("\n").at(-1));
}

const FULL = `
  const fs = require("node:fs");
  const { writeAtomically } = require(process.argv[2] + "/files.js");
  (async () => {
    await writeAtomically("dev.json", "zero");
    await writeAtomically("dev.json", "one", true);
    fs.writeFileSync("filler", "");
    try { for (;;) fs.appendFileSync("filler", "x".repeat(4096)); } catch {}
    let error = "";
    try { await writeAtomically("dev.json", "two".repeat(4096), true); } catch ({ message }) { error = message; }
    const then = { error, text: fs.readFileSync("dev.json", "utf8"), backup: fs.readFileSync("dev.json.bak", "utf8"), names: fs.readdirSync(".").sort() };
    fs.rmSync("filler");
    await writeAtomically("dev.json", "two", true);
    console.log(JSON.stringify({ ...then, after: fs.readFileSync("dev.json", "utf8") }));
  })();
`;
const mounts = spawnSync("unshare", ["-m", "true"]).status === 0;
const withMounts = mounts ? test : test.skip;

withMounts(
  `on a full disk the write fails, saying so, and the state and its backup are as they were${mounts ? "" : " (skipped: no mount namespace here)"}`,
  () => {
    fs.writeFileSync(path.join(folder, "full.js"), FULL);
    fs.mkdirSync(path.join(folder, "disk"));
    const { stdout, stderr } = spawnSync(
      "unshare",
      [
        "-m",
        "sh",
        "-c",
        'mount -t tmpfs -o size=64k tmpfs disk && cd disk && exec "$1" "$2/full.js" "$2"',
        "sh",
        process.execPath,
        folder,
      ],
      { cwd: folder, encoding: "utf8" },
    );
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      error:
        "cannot write dev.json: ENOSPC: no space left on device, write; the file that was there is unchanged",
      text: "one",
      backup: "zero",
      names: ["dev.json", "dev.json.bak", "filler"],
      after: "two",
    });
  },
);
