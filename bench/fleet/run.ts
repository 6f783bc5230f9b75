import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { type Case, CASES, type Fleet, type Tool } from "./cases";
import { hostCounters, type HostCost } from "./host-counters";
import { measure, type Run } from "./measure";
import { CRI_IS_WELL } from "./peers";
import { installPython } from "./python";
import type { Entry } from "./results";

const CONFIG = "/etc/containerd/config.toml";
/** Hosts are worked on in groups, because they share the machine. */
const AT_ONCE = 10;
const DRIFTED = 3;

export interface Request {
  readonly n: number;
  readonly rounds: number;
  readonly tools: readonly Tool[];
  /** An archive with Python for the hosts, which Ansible needs. */
  readonly python?: string;
}

/**
 * Measures all tools on the same lab hosts. In each round the tools take turns, so that a slow moment of the machine does
 * not hit one tool alone.
 */
export async function measureFleet(
  { n, rounds, tools, python }: Request,
  log: (line: string) => void,
): Promise<Entry[]> {
  const names = Array.from({ length: n }, (_, index) => `n${String(index + 1).padStart(3, "0")}`);
  const lab = await startLab(
    defineLab({ name: "bench", octet: 160, hosts: ["registry", ...names] }),
    { log },
  );
  const folders: string[] = [];
  try {
    const registry = lab.host("registry");
    await registry.succeed("DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io");
    const nodes = names.map((name) => lab.host(name));
    if (python !== undefined) await each(nodes, (node) => installPython(node, python));
    const start = await nodes[0]!.succeed(`cat ${CONFIG}`);
    const prepared: { tool: Tool; fleet: Fleet }[] = [];
    for (const tool of tools) {
      const folder = mkdtempSync(join(tmpdir(), "bench-"));
      folders.push(folder);
      const fleet = fleetOf(lab, registry, nodes, folder);
      log(`${tool.name}: preparing`);
      await tool.prepare(fleet);
      prepared.push({ tool, fleet });
    }
    const found = new Map<string, Entry>();
    for (let round = 1; round <= rounds; round++)
      for (const { tool, fleet } of prepared)
        for (const one of tool.cases ?? CASES) {
          const { run, cost } = await runCase(lab, nodes, tool, fleet, one, start);
          log(`round ${round}: ${n} nodes, ${tool.name}, ${one}: ${run.seconds.toFixed(2)} s`);
          add(found, n, tool.name, one, run, cost);
        }
    return [...found.values()];
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    await lab.down();
  }
}

async function runCase(
  lab: RunningLab,
  nodes: readonly RunningHost[],
  tool: Tool,
  fleet: Fleet,
  one: Case,
  start: string,
): Promise<{ run: Run; cost: HostCost }> {
  const invocation = tool.invocation(fleet, one);
  const drifted = nodes.filter((_, index) => index % DRIFTED === 0);
  const applied = new Map<RunningHost, string>();
  if (one === "preview, drifted")
    for (const node of drifted) {
      applied.set(node, await node.succeed(`cat ${CONFIG}`));
      await node.exec(`cat >${CONFIG}`, { stdin: start });
    }
  const counters = await hostCounters(lab, nodes);
  const run = await measure(invocation, fleet.folder);
  const cost = await counters();
  const wrong = (what: string) =>
    new Error(`${tool.name}, ${one}: ${what}; it said:\n${run.output.slice(-4000)}`);
  if (run.code !== 0) throw wrong(`exit code ${run.code}`);
  if (one === "preview, drifted") {
    if (tool.foundDrift?.(run.output, drifted.length) === false)
      throw wrong(`expected drift on ${drifted.length} nodes`);
    for (const [node, text] of applied) await node.exec(`cat >${CONFIG}`, { stdin: text });
  }
  if (tool.cases !== undefined) return { run, cost };
  // What a tool has left is the same for all: the daemon's own words, not the file's bytes.
  const wanted = one !== "destroy";
  await each(nodes, async (node) => {
    const dump = await node.succeed(`containerd --config ${CONFIG} config dump`);
    if (dump.includes(`http://${fleet.registry}`) !== wanted)
      throw wrong(`${node.name} ${wanted ? "does not have" : "still has"} the mirror`);
    if (one === "apply" || one === "destroy") await node.succeed(CRI_IS_WELL);
  });
  return { run, cost };
}

function add(
  found: Map<string, Entry>,
  n: number,
  tool: string,
  one: Case,
  run: Run,
  cost: HostCost,
): void {
  const key = `${tool} ${one}`;
  const before = found.get(key);
  found.set(key, {
    n,
    tool,
    case: one,
    seconds: [...(before?.seconds ?? []), run.seconds],
    cpu_seconds: [...(before?.cpu_seconds ?? []), run.cpuSeconds],
    peak_memory: [...(before?.peak_memory ?? []), run.peakMemory],
    ssh_connections: cost.sshConnections,
    bytes_on_wire: cost.bytes,
    processes: cost.processes,
    host_cpu_seconds: [...(before?.host_cpu_seconds ?? []), cost.cpuSeconds],
  });
}

function fleetOf(
  lab: RunningLab,
  registry: RunningHost,
  nodes: readonly RunningHost[],
  folder: string,
): Fleet {
  return {
    nodes: nodes.map(({ name, address }) => ({ name, address })),
    registry: `${registry.address}:5000`,
    registryHost: { name: registry.name, address: registry.address },
    privateKeyPath: lab.privateKeyPath,
    knownHostsPath: lab.knownHostsPath,
    folder,
  };
}

async function each(
  hosts: readonly RunningHost[],
  work: (host: RunningHost) => Promise<unknown>,
): Promise<void> {
  for (let index = 0; index < hosts.length; index += AT_ONCE)
    await Promise.all(hosts.slice(index, index + AT_ONCE).map(work));
}
