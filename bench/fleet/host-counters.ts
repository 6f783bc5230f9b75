import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningHost, RunningLab } from "../../lab";
import { labCgroup } from "../../lab/machine/cgroups";
import { legName } from "../../lab/machine/network";

/** What a command did to the hosts, per host. */
export interface HostCost {
  readonly sshConnections: number;
  /** Processes and threads that were started. */
  readonly processes: number;
  /** In both directions. */
  readonly bytes: number;
  /** Of all of a host's processes, its daemons included. */
  readonly cpuSeconds: number;
}

interface Reading {
  readonly connections: number;
  readonly lastPid: number;
}

/** How many hosts are asked: all of them do the same. */
const ASKED = 3;

/** Reads the counters of some hosts; the function that is returned says what has come since, on average. */
export async function hostCounters(
  lab: RunningLab,
  hosts: readonly RunningHost[],
): Promise<() => Promise<HostCost>> {
  const asked = hosts.slice(0, ASKED);
  const before = await Promise.all(asked.map(read));
  // The second reading is itself something that the hosts do.
  const own = await Promise.all(asked.map(read));
  const wire = bytesOf(lab.name);
  const cpu = cpuOf(lab.name);
  return async () => {
    const cpuSeconds = (cpuOf(lab.name) - cpu) / hosts.length;
    const bytes = bytesOf(lab.name) - wire;
    const after = await Promise.all(asked.map(read));
    const average = (of: (index: number) => number) =>
      asked.reduce((sum, _, index) => sum + of(index), 0) / asked.length;
    return {
      bytes: Math.round(bytes / hosts.length),
      cpuSeconds: Math.round(cpuSeconds * 1000) / 1000,
      sshConnections: average((index) => after[index]!.connections - own[index]!.connections),
      processes: Math.round(
        average(
          (index) =>
            after[index]!.lastPid -
            own[index]!.lastPid -
            (own[index]!.lastPid - before[index]!.lastPid),
        ),
      ),
    };
  };
}

async function read(host: RunningHost): Promise<Reading> {
  const said = await host.succeed(
    "journalctl -q -o cat -u ssh | grep -c '^Accepted '; cat /proc/sys/kernel/ns_last_pid",
  );
  const [connections = 0, lastPid = 0] = said.trim().split("\n").map(Number);
  return { connections, lastPid };
}

const cpuOf = (lab: string) =>
  Number(/^usage_usec (\d+)$/m.exec(readFileSync(join(labCgroup(lab), "cpu.stat"), "utf8"))?.[1]) /
  1e6;

/** What has gone over the machine's interface in the lab, in both directions. */
function bytesOf(lab: string): number {
  // Not from /sys, which shows the network of whoever mounted it.
  const line = readFileSync("/proc/net/dev", "utf8")
    .split("\n")
    .find((each) => each.trim().startsWith(`${legName(lab)}:`));
  if (line === undefined) throw new Error(`no interface ${legName(lab)} in /proc/net/dev`);
  const counts = line.replace(/^.*:/, "").trim().split(/\s+/).map(Number);
  return counts[0]! + counts[8]!;
}
