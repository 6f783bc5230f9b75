import { table } from "../../images/words";
import { type Case, CASES } from "./cases";

/** All rounds of one case with one tool. */
export interface Entry {
  readonly n: number;
  readonly tool: string;
  readonly case: Case;
  readonly seconds: readonly number[];
  /** Of all of the operator's processes. */
  readonly cpu_seconds: readonly number[];
  /** The operator's memory in bytes: the proportional set sizes of all processes, at their largest. */
  readonly peak_memory: readonly number[];
  /** Per node, of the last round. */
  readonly ssh_connections: number;
  readonly bytes_on_wire: number;
  readonly processes: number;
  /** Per node, of its own processes. In a lab the nodes share the machine with the operator. */
  readonly host_cpu_seconds: readonly number[];
}

/** Our median over a peer's, of seconds: by n, case and peer. */
export type Ratios = Record<string, Partial<Record<Case, Record<string, number>>>>;

export const OURS = "cluster-registry";
/** A program that declares nothing, see tools/bare.ts. */
export const BARE = "bare program";

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const find = (entries: readonly Entry[], n: number, tool: string, one: Case) =>
  entries.find((entry) => entry.n === n && entry.tool === tool && entry.case === one);

export function ratiosOf(entries: readonly Entry[]): Ratios {
  const ratios: Ratios = {};
  for (const own of entries.filter(({ tool }) => tool === OURS))
    for (const peer of entries.filter(
      (entry) => entry.n === own.n && entry.case === own.case && entry.tool !== OURS,
    )) {
      const byCase = (ratios[own.n] ??= {});
      const byPeer = (byCase[own.case] ??= {});
      byPeer[peer.tool] = round(median(own.seconds) / median(peer.seconds));
    }
  return ratios;
}

const round = (value: number) => Math.round(value * 100) / 100;

/** A goal, and what was reached of it. */
export interface Goal {
  readonly goal: string;
  readonly limit: number;
  readonly reached: number;
}

type Of = "seconds" | "cpu_seconds" | "peak_memory";

/** The goals that the measured cases allow to be judged. */
export function goalsOf(entries: readonly Entry[]): Goal[] {
  const goals: Goal[] = [];
  const value = (n: number, tool: string, one: Case, of: Of) => {
    const entry = find(entries, n, tool, one);
    return entry && median(entry[of]);
  };
  const compare = (
    goal: string,
    limit: number,
    own: number | undefined,
    other: number | undefined,
  ) => {
    if (own !== undefined && other !== undefined)
      goals.push({ goal, limit, reached: round(own / other) });
  };
  const sizes = [...new Set(entries.map(({ n }) => n))].sort((a, b) => a - b);
  for (const n of sizes) {
    const own = (one: Case, of: Of = "seconds") => value(n, OURS, one, of);
    const peer = (tool: string, one: Case, of: Of = "seconds") => value(n, tool, one, of);
    const at = (text: string) => `${n} nodes: ${text}`;
    compare(at("preview / pyinfra's second run"), 1, own("preview"), peer("pyinfra", "second run"));
    compare(at("preview / Ansible's --check"), 1 / 3, own("preview"), peer("ansible", "preview"));
    // With few nodes, the start of the processes is what counts.
    if (n === 3)
      compare(at("preview / a bare program's"), 2, own("preview"), peer(BARE, "preview"));
    compare(at("second run / preview"), 1.1, own("second run"), own("preview"));
    compare(at("apply / pyinfra's"), 1, own("apply"), peer("pyinfra", "apply"));
    compare(at("apply / Ansible's"), 1 / 4, own("apply"), peer("ansible", "apply"));
    compare(at("destroy / apply"), 1, own("destroy"), own("apply"));
    for (const one of ["apply", "preview"] as const) {
      const cpu = "cpu_seconds";
      compare(at(`CPU of ${one} / pyinfra's`), 1.5, own(one, cpu), peer("pyinfra", one, cpu));
    }
    const memory = "peak_memory";
    compare(
      at("memory of apply / Ansible's"),
      1,
      own("apply", memory),
      peer("ansible", "apply", memory),
    );
    const ours = entries.filter((entry) => entry.n === n && entry.tool === OURS);
    const most = Math.max(...ours.map(({ ssh_connections }) => ssh_connections));
    if (ours.length > 0) goals.push({ goal: at("SSH connections"), limit: 2, reached: most });
    if (n !== 100) continue;
    for (const one of CASES) {
      const bytes = own(one, memory);
      if (bytes !== undefined)
        goals.push({ goal: at(`MB of ${one}`), limit: 250, reached: round(bytes / 1e6) });
      const few = value(30, OURS, one, "seconds");
      compare(at(`${one} / that of 30, per node`), 1.1, own(one), few && (few * 100) / 30);
    }
  }
  return goals.map(({ limit, ...rest }) => ({ ...rest, limit: round(limit) }));
}

/** The table for people. */
export function tableOf(entries: readonly Entry[]): string {
  return table([
    [
      "NODES",
      "CASE",
      "TOOL",
      "SECONDS",
      "CPU",
      "MEMORY",
      "SSH",
      "PROCESSES",
      "NODE CPU",
      "ON THE WIRE",
    ],
    ...entries.map((entry) => [
      String(entry.n),
      entry.case,
      entry.tool,
      `${median(entry.seconds).toFixed(2)} (${Math.min(...entry.seconds).toFixed(2)}-${Math.max(...entry.seconds).toFixed(2)})`,
      median(entry.cpu_seconds).toFixed(2),
      `${(median(entry.peak_memory) / 1e6).toFixed(0)} MB`,
      entry.ssh_connections.toFixed(1),
      String(entry.processes),
      median(entry.host_cpu_seconds).toFixed(2),
      `${(entry.bytes_on_wire / 1000).toFixed(0)} kB`,
    ]),
  ]);
}
