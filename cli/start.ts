import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Workspace } from "../engine/stack";
import { dev, type RunningLab, startLab, whyNoLab } from "../lab";
import { proveThePull } from "./proof";

const STACK = "dev";
const USAGE = "usage: npm start   (no options: it boots the lab and runs the stack dev on it)";

/**
 * `npm start`: the whole job of the lesson for real, from nothing, on hosts of this machine's own. A second run finds
 * everything in place, changes no host, and pulls the image afresh.
 */
export async function main(args: string[]): Promise<void> {
  const reason = whyNoLab();
  if (args.length > 0 || reason !== undefined) {
    console.error(
      args.length > 0
        ? `unknown: ${args.join(" ")}\n${USAGE}`
        : `npm start makes real hosts on this machine: ${reason}`,
    );
    process.exitCode = 1;
    return;
  }
  try {
    process.exitCode = await wholeJob();
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

/** @returns the exit code of the first step that failed, or 0 */
async function wholeJob(): Promise<number> {
  say("1. The lab: three Debian hosts in network namespaces of this machine");
  const lab = await startLab(dev, { log: (line) => console.log(`   ${line}`) });
  for (const host of lab.hosts.values()) console.log(`   ${host.name.padEnd(13)} ${host.address}`);

  say(`2. The program: npm run up -- --stack ${STACK} --yes`);
  await ensureStack();
  const status = up(await isNew(lab));
  if (status !== 0) return status;
  say("3. The proof: an image of your own, pulled by nodes that never had it");
  await proveThePull(lab, (line) => console.log(`   ${line}`));
  say("What to try next");
  console.log(nextSteps(lab));
  return 0;
}

/** The stack exists once its state does; its configuration comes with the project. */
async function ensureStack(): Promise<void> {
  const workspace = Workspace.open({ folder: join(__dirname, ".."), stack: STACK });
  const { backend, project } = workspace;
  if (!existsSync(backend.stackFile(project.name, STACK))) await workspace.create(STACK, true);
}

/** Hosts that were made anew hold nothing of what the state remembers: there is nothing to refresh from. */
async function isNew(lab: RunningLab): Promise<boolean> {
  const [registryHost] = [...lab.hosts.values()];
  return registryHost !== undefined && (await registryHost.exec("command -v docker")).code !== 0;
}

function up(onNewHosts: boolean): number {
  const run = spawnSync(
    process.execPath,
    [
      join(__dirname, "run.mjs"),
      "up",
      "--stack",
      STACK,
      "--yes",
      "--skip-preview",
      ...(onNewHosts ? ["--refresh=false"] : []),
      "--engine",
      "embedded",
    ],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  return run.status ?? 1;
}

function say(title: string): void {
  console.log(`\n${title}`);
}

function nextSteps(lab: RunningLab): string {
  const [, node = "node01"] = [...lab.hosts.keys()];
  return [
    `   npm run lab -- ssh ${node} 'cat /etc/containerd/config.toml'     look at what was changed`,
    `   npm run lab -- ssh ${node} "sed -i '/172.30.1.2:5000/d' /etc/containerd/config.toml"   break it like a tired admin`,
    `   npm run preview -- --stack ${STACK} --diff                           see the drift, host and line`,
    `   npm run up -- --stack ${STACK} --yes                                 repair just that`,
    `   npm run destroy -- --stack ${STACK} --yes                            every file back as it was, byte for byte`,
    "   npm run lab -- down                                             remove the hosts",
    "",
    "   On a fleet of your own: see 'On your own cluster' in README.md.",
  ].join("\n");
}
