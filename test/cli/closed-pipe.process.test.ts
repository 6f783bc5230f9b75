import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(__dirname, "..", "..");

test("a reader that closes the pipe early is no error of a command", () => {
  const script = "set -o pipefail; node cli/run.mjs helper | head -n 1";
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script], {
    cwd: root,
    encoding: "utf8",
  });
  expect([status, stdout, stderr]).toEqual([0, "#!/bin/sh\n", ""]);
});
