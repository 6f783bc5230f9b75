import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measureFleet } from "../bench/fleet/run";
import type { Tool } from "../bench/fleet/cases";
import { ensurePeers, whyNoPeers } from "../bench/fleet/peers";
import { plotOf } from "../bench/fleet/plot";
import { ensurePython } from "../bench/fleet/python";
import { type Entry, goalsOf, ratiosOf, tableOf } from "../bench/fleet/results";
import { ansible } from "../bench/fleet/tools/ansible";
import { bare } from "../bench/fleet/tools/bare";
import { clusterRegistry } from "../bench/fleet/tools/cluster-registry";
import { openssh } from "../bench/fleet/tools/openssh";
import { pyinfra } from "../bench/fleet/tools/pyinfra";
import { measurePatch } from "../bench/patch";
import { type FlagSpec, helpText, parseFlags, UsageError } from "../engine/command/flags";
import { command } from "../engine/command/exit";
import { whyNoLab } from "../lab";
import { cacheFolder } from "../lab/paths";
import { print, say } from "./output";

const FLAGS: Record<string, FlagSpec> = {
  n: { kind: "value", help: "The numbers of nodes, e.g. 3,30,100. Defaults to 3,30" },
  tools: {
    kind: "value",
    help: "openssh, pyinfra, ansible, cluster-registry, bare, pulumi; defaults to all that can run here",
  },
  rounds: {
    kind: "value",
    help: "How often each case is measured, for each number of nodes, e.g. 5,5,3. Defaults to 5",
  },
  patch: { kind: "switch", help: "Measure only the patcher, beside a parser of TOML" },
  help: { kind: "switch", short: "h", help: "Print this text" },
};

const ABOUT =
  "Does the nodes' half of the job with several tools on the same lab hosts: every node gets a mirror in containerd's configuration, " +
  "containerd restarts, and CRI is asked. Needs a machine that can run the lab. The results are ratios of medians, because machines " +
  "differ: a table, and a plot and JSON in bench/results/.";

const EXAMPLES = [
  "npm run bench -- --n 3",
  "npm run bench -- --n 30 --tools cluster-registry,pyinfra",
];
const RESULTS = join(__dirname, "../bench/results");

/** `npm run bench`: what our work takes, beside other programs in the same run. */
export function main(args: string[]): Promise<void> {
  return command(async () => {
    const { flags, rest } = parseFlags(args, FLAGS);
    if (flags["help"]) {
      process.stdout.write(helpText("npm run bench -- [FLAGS]", ABOUT, EXAMPLES, FLAGS));
      return;
    }
    if (rest.length > 0) throw new UsageError(`unknown argument: ${rest.join(" ")}`);
    if (flags["patch"] === true) return printPatch();
    const sizes = numbers("--n", flags["n"] ?? "3,30", 100);
    const rounds = numbers("--rounds", flags["rounds"] ?? "5", 100);
    const reason = whyNoLab();
    if (reason !== undefined) throw new Error(reason);
    const tools = await chosen(flags["tools"] as string | undefined);
    const python = tools.some(({ name }) => name === "ansible")
      ? await ensurePython(cacheFolder(), say)
      : undefined;
    const entries: Entry[] = [];
    for (const [at, n] of sizes.entries()) {
      const often = rounds[at] ?? rounds.at(-1) ?? 5;
      const request = { n, rounds: often, tools, ...(python !== undefined && { python }) };
      entries.push(...(await measureFleet(request, say)));
      // After each size: what was measured is kept if a larger one fails.
      write(entries);
    }
    print(tableOf(entries).trimEnd());
    for (const { goal, limit, reached } of goalsOf(entries))
      print(`${reached <= limit ? "reached" : "missed "}  ${goal}: ${reached} (at most ${limit})`);
  });
}

function numbers(flag: string, value: unknown, most: number): number[] {
  const found = String(value).split(",").map(Number);
  if (found.every((each) => Number.isInteger(each) && each >= 1 && each <= most)) return found;
  throw new UsageError(`expected numbers from 1 to ${most} for ${flag}, found ${String(value)}`);
}

/** The tools by name; without names, all that can run here. */
async function chosen(names: string | undefined): Promise<Tool[]> {
  const all = await allTools();
  if (names === undefined)
    return all.filter((tool) => {
      const reason = tool.whyNot();
      if (reason !== undefined) say(`${tool.name} is left out: ${reason}`);
      return reason === undefined;
    });
  return names.split(",").map((name) => {
    const tool = all.find((each) => each.name === (LONG_NAMES[name] ?? name));
    const known = "openssh, pyinfra, ansible, cluster-registry, bare, pulumi";
    if (tool === undefined) throw new UsageError(`expected one of ${known}, found ${name}`);
    const reason = tool.whyNot();
    if (reason !== undefined) throw new Error(`${name} cannot run here: ${reason}`);
    return tool;
  });
}

const LONG_NAMES: Record<string, string> = {
  pulumi: clusterRegistry("pulumi").name,
  bare: bare.name,
};

async function allTools(): Promise<Tool[]> {
  const cache = cacheFolder();
  const reason = whyNoPeers(cache);
  const bin = reason === undefined ? await ensurePeers(cache, say) : undefined;
  return [
    clusterRegistry("embedded"),
    pyinfra(bin, reason),
    ansible(bin, reason),
    openssh,
    bare,
    clusterRegistry("pulumi"),
  ];
}

function write(entries: readonly Entry[]): void {
  const results = { entries, ratios: ratiosOf(entries), goals: goalsOf(entries) };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "fleet.json"), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(RESULTS, "fleet.svg"), plotOf(entries));
}

function printPatch(): void {
  const { parse, plan, planInSync, ratio } = measurePatch();
  const micro = (value: number) => `${value.toFixed(0)} us`;
  print("patch: containerd's default file of 270 lines, fastest of the rounds");
  print(`  smol-toml parse        ${micro(parse)}`);
  print(`  plan, something to do  ${micro(plan)}   ${ratio.toFixed(2)} parses`);
  print(
    `  plan, in sync          ${micro(planInSync)}   ${(planInSync / parse).toFixed(2)} parses`,
  );
}
