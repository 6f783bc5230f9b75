import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { packed } from "../../helper/packed";
import { userlands } from "./shells";

const PROGRAM = `#!/bin/sh
{
greet() { printf '%s\\n' "$1 \\$1 é"; }
[ "\${1-}" = later ] || { greet "$@"; exit 3; }
}
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "packed-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe.each(userlands)("$name", ({ shell: [shell = "", ...options] }) => {
  const run = (input: string, words: readonly string[], env = process.env) => {
    const { status, stdout, stderr } = spawnSync(shell, [...options, "-s", ...words], {
      input,
      env,
    });
    return { status, stdout: stdout.toString(), stderr: stderr.toString() };
  };

  test("a packed program runs with the words that it is given, and its exit code is the program's", () => {
    expect(run(packed(PROGRAM, gzipSync), ["two words"])).toEqual({
      status: 3,
      stdout: "two words $1 é\n",
      stderr: "",
    });
  });

  test("the lines after it have its functions and its words", () => {
    expect(run(packed(PROGRAM, gzipSync, [`greet "$1 $2"`]), ["later", "b"])).toEqual({
      status: 0,
      stdout: "later b $1 é\n",
      stderr: "",
    });
  });

  test("in a file of the guard it becomes the program, byte for byte, and runs", () => {
    const file = join(folder, ".helper.1.abcdefgh");
    writeFileSync(file, packed(PROGRAM, gzipSync));
    const result = spawnSync(shell, [...options, file, "x"]);
    expect([result.status, result.stdout.toString()]).toEqual([3, "x $1 é\n"]);
    expect(readFileSync(file, "utf8")).toBe(PROGRAM);
  });

  test("damaged bytes run nothing", () => {
    const text = packed(PROGRAM, gzipSync, ["echo after"]);
    const at = text.indexOf("H4sI") + 40;
    const damaged = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
    expect(run(damaged, ["later"])).toMatchObject({ status: 1, stdout: "" });
  });

  test("without gzip it refuses, before anything runs, and an observation names what is missing", () => {
    const text = packed(PROGRAM, gzipSync, ["echo after"]).replace(/^PATH=.*$/m, `PATH=${folder}`);
    // Busybox's shell has its own, wherever the path leads.
    const without = shell === "busybox" ? text.replace("command -v", "false") : text;
    const both = "base64 gzip";
    expect(run(without, ["guard"])).toEqual({
      status: 1,
      stdout: "",
      stderr: `this host lacks tools that a change needs: ${both} (they are in coreutils, diffutils, findutils, grep, gzip, mawk, sed, util-linux and systemd): install them; nothing was changed on this host\n`,
    });
    expect(run(without, ["observe", "no"])).toEqual({
      status: 0,
      stdout: `\ncluster-registry-observation 2\nmissing ${both}\nend\n`,
      stderr: "",
    });
  });
});
