import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cgroupRoot, endGroup, members } from "../../lab/machine/cgroups";
import type { Invocation } from "./cases";

/** What one run of a command took on the operator's side, with all processes that it started. */
export interface Cost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The largest sum of proportional set sizes, in bytes, of samples four times a second. */
  readonly peakMemory: number;
}

export interface Run extends Cost {
  readonly code: number;
  readonly output: string;
}

const SAMPLES_PER_SECOND = 4;

/**
 * Runs a command in a control group of its own, so that the kernel itself adds up what its processes take. What it leaves
 * running at its end, such as the masters of OpenSSH's shared connections, is ended then: no case gains from the one before.
 */
export async function measure({ command, env }: Invocation, cwd: string): Promise<Run> {
  const group = join(dirname(cgroupRoot()), "cluster-registry-bench");
  mkdirSync(group, { recursive: true });
  try {
    const began = process.hrtime.bigint();
    const child = spawn("sh", ["-c", 'echo 0 >"$0/cgroup.procs" && exec "$@"', group, ...command], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => said.push(chunk));
    let peakMemory = 0;
    const timer = setInterval(() => {
      peakMemory = Math.max(peakMemory, memoryOf(group));
    }, 1000 / SAMPLES_PER_SECOND);
    // Not "close": what is left running may have the pipes.
    const code = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (status) => resolve(status ?? -1));
    });
    clearInterval(timer);
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    const cpuSeconds = cpuOf(group);
    return { code, output: Buffer.concat(said).toString(), seconds, cpuSeconds, peakMemory };
  } finally {
    await endGroup(group);
  }
}

const cpuOf = (group: string) =>
  Number(/^usage_usec (\d+)$/m.exec(readFileSync(join(group, "cpu.stat"), "utf8"))?.[1]) / 1e6;

function memoryOf(group: string): number {
  return members(group).reduce((sum, pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
      return sum + Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
    } catch {
      // It has ended since.
      return sum;
    }
  }, 0);
}
