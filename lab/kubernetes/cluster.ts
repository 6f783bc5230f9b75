import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ensureKubernetes } from "../go/kubernetes";
import { withLock } from "../lock";
import { cacheFolder, labPaths } from "../paths";
import type { RunningHost } from "../running-host";
import type { RunningLab } from "../running-lab";
import { apiAddress, controlPlane } from "./addresses";
import { Authority } from "./certificates";
import { controlPlaneUnits } from "./control-plane";
import { kubeconfig } from "./kubeconfig";
import { nodeUnits, PREPARE } from "./node";
import { RunningCluster } from "./running-cluster";
import { ensureSandboxImage } from "./sandbox-image";
import type { Unit } from "./units";

const CONTROL_PLANE = ["server", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];
const NODE = ["kubelet", "kube-proxy"];
const POD_NETWORK_PLUGINS = ["bridge", "loopback", "host-local", "portmap"];
/** The folders in which containerd finds the plugins: its own default, and Debian's from containerd 1.7 on. */
const PLUGIN_FOLDERS = ["/opt/cni/bin", "/usr/lib/cni"];
const CONFIG_TOML = "/etc/containerd/config.toml";
const RUNC = "/opt/kubernetes/runc";
/** A regular expression for containerd's configuration without a path for runc: the one on PATH is used. */
const NO_BINARY = `BinaryName = (''|\\"\\")`;

export interface ClusterOptions {
  /** Called with each line of progress. @default silent */
  log?: (line: string) => void;
  /** The hosts that are nodes. The control plane is always a node. @default all hosts of the lab */
  nodes?: string[];
}

/**
 * Makes a Kubernetes cluster of a lab's hosts, unless they are one already: the control plane on the host with that
 * name, or else on the first one, and a kubelet on every node. Resolves when every node is Ready.
 */
export async function startCluster(
  lab: RunningLab,
  options: ClusterOptions = {},
): Promise<RunningCluster> {
  const log = options.log ?? (() => undefined);
  const started = Date.now();
  const folder = join(labPaths(lab.name).folder, "kubernetes");
  const programs = await ensureKubernetes(cacheFolder(), log);
  return withLock(
    `kubernetes/${folder}`,
    () => log(`lab ${lab.name}: waiting for another process that makes its cluster`),
    async () => {
      const authority = await Authority.open(folder);
      const main = lab.host(controlPlane(lab.definition).name);
      const cluster = await administrator(lab, authority, folder, programs);
      await serve(
        main,
        programs,
        CONTROL_PLANE,
        await controlPlaneUnits(lab.definition, authority, onHost(programs)),
      );
      await cluster.untilReachable();
      const wanted = options.nodes ?? [...lab.hosts.keys()];
      const nodes = [...lab.hosts.values()].filter(
        ({ name }) => name === main.name || wanted.includes(name),
      );
      // Certificates are issued one after the other, because they share an authority. The slow steps run in parallel.
      const units = new Map<string, Unit[]>();
      for (const host of lab.definition.hosts)
        units.set(host.name, await nodeUnits(lab.definition, host, authority, onHost(programs)));
      await Promise.all(
        nodes.map((node) => ensureNode(node, programs, units.get(node.name) ?? [])),
      );
      await cluster.untilReady(nodes.map(({ name }) => name));
      await cluster.kubectl([
        "label",
        "--overwrite",
        "node",
        main.name,
        "node-role.kubernetes.io/control-plane=",
      ]);
      log(
        `Kubernetes: ${nodes.length} nodes Ready after ${((Date.now() - started) / 1000).toFixed(1)} s`,
      );
      return cluster;
    },
  );
}

/** The cluster that {@link startCluster} has made of this lab; undefined if there is none. */
export function findCluster(lab: RunningLab): RunningCluster | undefined {
  const folder = join(labPaths(lab.name).folder, "kubernetes");
  const record = join(folder, "programs");
  if (!existsSync(record)) return undefined;
  return new RunningCluster(join(folder, "kubeconfig"), readFileSync(record, "utf8"));
}

/** Another version of the programs has another folder, so that no running one is overwritten. */
const onHost = (programs: string) => `/opt/kubernetes/${programs.split("/").at(-1) ?? ""}`;

async function administrator(
  lab: RunningLab,
  authority: Authority,
  folder: string,
  programs: string,
): Promise<RunningCluster> {
  const user = "kubernetes-admin";
  const pair = await authority.issue("admin", { user, group: "system:masters" });
  const path = join(folder, "kubeconfig");
  const config = kubeconfig(apiAddress(lab.definition), authority.certificate, user, pair);
  writeFileSync(path, config, { mode: 0o600 });
  writeFileSync(join(folder, "programs"), programs);
  return new RunningCluster(path, programs);
}

async function ensureNode(host: RunningHost, programs: string, units: Unit[]): Promise<void> {
  write(host, RUNC, readFileSync(join(__dirname, "runc.sh"), "utf8"), 0o755);
  await host.succeed(
    `if grep -qE "${NO_BINARY}" ${CONFIG_TOML}; then ` +
      `sed -E -i "s#${NO_BINARY}#BinaryName = '${RUNC}'#" ${CONFIG_TOML} && systemctl restart containerd; fi`,
  );
  for (const folder of PLUGIN_FOLDERS) place(host, programs, POD_NETWORK_PLUGINS, folder);
  await ensureSandboxImage(host, join(programs, "pause"));
  await serve(host, programs, NODE, units);
  // Another host may have joined in the meantime.
  await host.succeed(`sh ${PREPARE}`);
}

/** Installs programs and files on a host and runs its services. Services with changed files restart. */
async function serve(
  host: RunningHost,
  programs: string,
  names: string[],
  units: Unit[],
): Promise<void> {
  place(host, programs, names, onHost(programs));
  const changed = units.filter((unit) => {
    const files = { ...unit.files, [`/etc/systemd/system/${unit.name}`]: unit.text };
    return Object.entries(files)
      .map(([path, text]) => write(host, path, text, path.endsWith(".key") ? 0o600 : 0o644))
      .some(Boolean);
  });
  const all = units.map(({ name }) => name).join(" ");
  await host.succeed(`systemctl daemon-reload && systemctl enable --quiet ${all}`);
  const restart = changed.map(({ name }) => name).join(" ");
  await host.succeed(
    `${restart ? `systemctl restart --no-block ${restart}; ` : ""}systemctl start --no-block ${all}`,
  );
}

/** Copies the programs that are missing on the host. */
function place(host: RunningHost, programs: string, names: string[], folder: string): void {
  const target = join(host.root, folder);
  mkdirSync(target, { recursive: true });
  const present = readdirSync(target);
  for (const name of names)
    if (!present.includes(name)) copyFileSync(join(programs, name), join(target, name));
}

/** @returns whether the file has changed */
function write(host: RunningHost, path: string, text: string, mode = 0o644): boolean {
  const target = join(host.root, path);
  if (existsSync(target) && readFileSync(target, "utf8") === text) return false;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text, { mode });
  return true;
}
