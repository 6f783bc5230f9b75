import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Workspace } from "../engine/stack";
import { type LabDefinition, type RunningLab, startCluster, startLab } from "../lab";
import { runPods } from "./pods";
import { proveThePull } from "./proof";

/** The lesson's job on one lab: its first host runs the registry. */
export interface Job {
  lab: LabDefinition;
  /** The folder of Pulumi.yaml and the stack's configuration. */
  folder: string;
  stack: string;
  env: NodeJS.ProcessEnv;
  /**
   * Discard the output of `up`.
   * @default false
   */
  quiet?: boolean;
  /**
   * Make the hosts a Kubernetes cluster, and finish with running Pods.
   * @default false
   */
  kubernetes?: boolean;
}

/**
 * Boots the lab, runs `up`, and proves that the nodes pull. Then prints what to try next.
 *
 * @returns the exit code of the first step that failed, or 0
 */
export async function wholeJob(job: Job, print: (text: string) => void): Promise<number> {
  const title = (text: string) => print(`\n${text}`);
  const line = (text: string) => print(`   ${text}`);
  title("1. The lab: three Debian hosts in network namespaces of this machine");
  const lab = await startLab(job.lab, { log: line });
  for (const host of lab.hosts.values()) line(`${host.name.padEnd(13)} ${host.address}`);

  const cluster = job.kubernetes ? await startCluster(lab, { log: line }) : undefined;

  title(`2. The program: npm run up -- --stack ${job.stack} --yes`);
  await ensureStack(job);
  const status = up(job, await isNew(lab));
  if (status !== 0) return status;
  title("3. The proof: an image of your own, pulled by nodes that never had it");
  const image = await proveThePull(lab, line);
  if (cluster) {
    title("4. The point of it all: a Deployment that scales over all nodes");
    await runPods(cluster, image, line);
  }
  title("What to try next");
  if (cluster) print("   npm run lab -- kubectl get pods -o wide                         the Pods");
  print(nextSteps(lab, job.stack));
  return 0;
}

/** Creates the stack's state if there is none. Its configuration is a part of the project. */
async function ensureStack({ folder, stack, env }: Job): Promise<void> {
  const workspace = Workspace.open({ folder, stack, env });
  const { backend, project } = workspace;
  if (!existsSync(backend.stackFile(project.name, stack))) await workspace.create(stack, true);
}

/** True if the hosts were created again: they have nothing that the state records, so a refresh has nothing to read. */
async function isNew(lab: RunningLab): Promise<boolean> {
  const [registryHost] = [...lab.hosts.values()];
  return registryHost !== undefined && (await registryHost.exec("command -v docker")).code !== 0;
}

function up({ folder, stack, env, quiet = false }: Job, onNewHosts: boolean): number {
  const run = spawnSync(
    process.execPath,
    [
      join(__dirname, "run.mjs"),
      "up",
      "--stack",
      stack,
      "--cwd",
      folder,
      "--yes",
      "--skip-preview",
      ...(onNewHosts ? ["--refresh=false"] : []),
      "--engine",
      "embedded",
    ],
    { stdio: ["ignore", quiet ? "ignore" : "inherit", "inherit"], env },
  );
  return run.status ?? 1;
}

function nextSteps(lab: RunningLab, stack: string): string {
  const [registryHost, node] = [...lab.hosts.values()];
  return [
    `   npm run lab -- ssh ${node?.name} 'cat /etc/containerd/config.toml'     see what has changed`,
    `   npm run lab -- ssh ${node?.name} "sed -i '/${registryHost?.address}:5000/d' /etc/containerd/config.toml"   remove the mirror by hand`,
    `   npm run preview -- --stack ${stack}                                  see the drift, host and line`,
    `   npm run up -- --stack ${stack} --yes                                 repair it`,
    `   npm run destroy -- --stack ${stack} --yes                            restore every file, byte for byte`,
    "   npm run lab -- down                                             remove the hosts",
    "",
    "   To use your own hosts, see 'On your own cluster' in README.md.",
  ].join("\n");
}
