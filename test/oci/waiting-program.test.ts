import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { waitingProgram } from "../../oci/waiting-program";

const ARCHITECTURES = [
  ["amd64", 62],
  ["arm64", 183],
] as const;

describe("waitingProgram", () => {
  test.each(ARCHITECTURES)("for %s is a static ELF program of that processor", (name, machine) => {
    const file = waitingProgram(name);
    expect(file.length).toBeLessThan(300);
    expect(file.subarray(0, 7).toString("latin1")).toBe("\x7fELF\x02\x01\x01");
    expect(file.readUInt16LE(16)).toBe(2);
    expect(file.readUInt16LE(18)).toBe(machine);
    // One segment, which has the whole file and can be run and not written. An interpreter would be a second one.
    expect(file.readUInt16LE(56)).toBe(1);
    const segment = file.subarray(64, 120);
    expect([segment.readUInt32LE(0), segment.readUInt32LE(4)]).toEqual([1, 5]);
    expect(segment.readBigUInt64LE(32)).toBe(BigInt(file.length));
    expect(file.readBigUInt64LE(24) - segment.readBigUInt64LE(16)).toBe(120n);
  });

  test.each(ARCHITECTURES)("for %s ends with the set of signals that it refers to", (name) => {
    expect(waitingProgram(name).subarray(-8)).toEqual(Buffer.from([0, 0x40, 0, 0, 0, 0, 0, 0]));
  });

  const own = process.arch === "x64" ? "amd64" : "arm64";
  const onLinux = process.platform === "linux" ? test : test.skip;

  onLinux("sleeps, and ends with 0 when it gets SIGTERM", async () => {
    const folder = mkdtempSync(join(tmpdir(), "waiting-"));
    const path = join(folder, "wait");
    writeFileSync(path, waitingProgram(own), { mode: 0o755 });
    const child = spawn(path, { stdio: "ignore" });
    try {
      const ended = once(child, "exit");
      const about = () => readFileSync(`/proc/${child.pid}/status`, "utf8");
      while (!/^Name:\twait\n[^]*^State:\tS /m.test(about())) await sleep(5);
      child.kill("SIGTERM");
      expect(await ended).toEqual([0, null]);
    } finally {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    }
  });
});
