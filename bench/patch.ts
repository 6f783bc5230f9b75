import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "smol-toml";

import { planContainerd } from "../patch";

/** What one plan costs, beside one parse of the same bytes by smol-toml in the same run. */
export interface PatchCost {
  /** Microseconds, of the fastest round: other work on the machine can only add to it. */
  parse: number;
  plan: number;
  planInSync: number;
  /** plan / parse. Two of it are smol-toml, which reads before and after; most of the rest finds the places. */
  ratio: number;
}

const FILE = join(__dirname, "../test/fixtures/containerd/containerd-2.2.3-default.toml");

/**
 * Measures in rounds that take turns, so that a slow moment of the machine hits all three alike.
 *
 * @param rounds how many rounds; each takes about 15 ms
 */
export function measurePatch(rounds = 150): PatchCost {
  const bytes = readFileSync(FILE);
  const plan = (config: Buffer, hosts: ReadonlyMap<string, Buffer>) =>
    planContainerd({
      configPath: "/etc/containerd/config.toml",
      bytes: config,
      daemonVersion: "2.2.3",
      certsD: hosts,
      registry: { address: "172.30.1.2:5000", endpoints: ["http://172.30.1.2:5000"] },
      mirrors: {},
      migrate: false,
    });
  const first = plan(bytes, new Map());
  const written = new Map(first.files.map(({ path, desired }) => [path, desired ?? bytes]));
  const after = written.get("/etc/containerd/config.toml") ?? bytes;
  const work = {
    parse: () => void parse(bytes.toString("utf8"), { integersAsBigInt: "asNeeded" }),
    plan: () => void plan(bytes, new Map()),
    planInSync: () => void plan(after, written),
  };
  const times = { parse: [] as number[], plan: [] as number[], planInSync: [] as number[] };
  const names = ["parse", "plan", "planInSync"] as const;
  for (let round = -40; round < rounds; round++) {
    for (const name of names) {
      const time = microseconds(work[name], 25);
      if (round >= 0) times[name].push(time); // the rounds before are for the compiler
    }
  }
  const [parseTime, planTime, inSync] = names.map((name) => Math.min(...times[name]));
  return {
    parse: parseTime ?? NaN,
    plan: planTime ?? NaN,
    planInSync: inSync ?? NaN,
    ratio: (planTime ?? NaN) / (parseTime ?? NaN),
  };
}

function microseconds(work: () => void, times: number): number {
  const start = process.hrtime.bigint();
  for (let index = 0; index < times; index++) work();
  return Number(process.hrtime.bigint() - start) / 1000 / times;
}
