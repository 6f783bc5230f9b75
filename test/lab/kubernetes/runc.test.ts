import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SCRIPT = join(__dirname, "../../../lab/kubernetes/runc.sh");

/** As containerd writes it: Go's encoder, in the specification's order. */
const SPEC = {
  ociVersion: "1.1.0",
  process: { args: ["sh"], env: ['A={"resources":{"b":1},"cgroupsPath":"c"}'] },
  linux: {
    resources: {
      devices: [{ allow: false, access: "rwm" }],
      cpu: { shares: 2 },
      unified: { 'odd"}': "{" },
    },
    cgroupsPath: '/k8s.io/a"b',
    namespaces: [{ type: "pid" }],
  },
};

test("the lab's runc takes a container's limits and control group out of its specification, and nothing else", () => {
  const folder = mkdtempSync(join(tmpdir(), "runc-"));
  try {
    const config = join(folder, "config.json");
    writeFileSync(config, JSON.stringify(SPEC));
    writeFileSync(join(folder, "runc"), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env["PATH"]}` };
    const run = (...words: string[]) =>
      execFileSync("sh", [SCRIPT, ...words], { env, encoding: "utf8" });
    expect(run("--root", "/run", "create", "--bundle", folder, "abc")).toBe(
      `--root /run create --bundle ${folder} abc\n`,
    );
    const { ociVersion, process: main, linux } = SPEC;
    expect(JSON.parse(readFileSync(config, "utf8"))).toEqual({
      ociVersion,
      process: main,
      linux: { namespaces: linux.namespaces },
    });
    const once = readFileSync(config, "utf8");
    expect(run("start", "abc")).toBe("start abc\n");
    expect(readFileSync(config, "utf8")).toBe(once);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
