import { setTimeout as sleep } from "node:timers/promises";
import { ApiServer } from "../kube/api-server";
import { type DaemonSetNow, readDaemonSet } from "../kube/daemon-set";
import { loadCluster } from "../kube/kubeconfig";
import { durationSeconds } from "../settings/formats";
import { refusal } from "./refusal";

/** The annotation that counts the checks after one that failed. */
export const ATTEMPT = "cluster-registry/attempt";

/** The place of a DaemonSet. */
export interface Place {
  readonly namespace: string;
  readonly name: string;
  readonly access: {
    readonly kubeconfig: string | undefined;
    readonly context: string | undefined;
  };
}

/** What is waited for. */
export interface Checked extends Place {
  /** The annotations of the template whose Pods count. */
  readonly annotations: Readonly<Record<string, string>>;
  /** How long, as a duration. */
  readonly wait: string;
  /** The nodes that must pull. @default those that the DaemonSet selects */
  readonly nodes: readonly string[] | undefined;
}

const READ_SECONDS = 30;
const PAUSE_MILLISECONDS = 500;

/** The DaemonSet as it is now; undefined if there is none. */
export async function lookAtCluster(place: Place): Promise<DaemonSetNow | undefined> {
  return reader(place).then((read) => read());
}

async function reader({ namespace, name, access }: Place) {
  const api = new ApiServer(await loadCluster(access, process.cwd()));
  return () => readDaemonSet(api, namespace, name, AbortSignal.timeout(READ_SECONDS * 1000));
}

/** One more than the last one if some node did not pull. A changed number makes the nodes pull again. */
export function attemptOf(now: DaemonSetNow | undefined): number {
  if (now === undefined) return 1;
  const last = Number.parseInt(now.annotations[ATTEMPT] ?? "0", 10) || 0;
  return isWell(now) ? last : last + 1;
}

/** The results of the last check, for a preview. */
export function resultsOf(now: DaemonSetNow | undefined): Record<string, string> {
  const pods = now?.pods ?? [];
  return Object.fromEntries(
    pods.map(({ node, ready, message }) => [node, ready ? "pulled" : message]),
  );
}

/** One line for each node that does not pull now. */
export function troubles(now: DaemonSetNow | undefined): string[] {
  return (now?.pods ?? []).flatMap(({ node, ready, message }) =>
    ready ? [] : [`${node}: cannot pull: ${message}`],
  );
}

/**
 * Waits until every node has pulled.
 * @throws RunError that names each node that has not, with the kubelet's message
 */
export async function everyNodePulls(checked: Checked): Promise<Record<string, string>> {
  const { annotations, wait, nodes } = checked;
  const read = await reader(checked);
  const end = Date.now() + (durationSeconds(wait) ?? 0) * 1000;
  for (;;) {
    const last = Date.now() >= end;
    let now: DaemonSetNow | undefined;
    try {
      now = await read();
    } catch (error) {
      if (last) throw error;
    }
    if (now !== undefined && isWell(now) && isOf(now, annotations)) {
      const missing = (nodes ?? []).filter((name) => !now.pods.some(({ node }) => node === name));
      if (missing.length === 0 && now.pods.length > 0)
        return Object.fromEntries(now.pods.map(({ node }) => [node, "pulled"]));
    }
    if (last) throw refusal(failure(checked, now));
    await sleep(PAUSE_MILLISECONDS);
  }
}

function failure({ namespace, name, wait, nodes = [] }: Checked, now?: DaemonSetNow): string {
  const set = `the DaemonSet ${namespace}/${name}`;
  if (now === undefined) return `the pull check found no more ${set}: run up again`;
  const found = new Set(now.pods.map(({ node }) => node));
  const lines = [
    ...troubles(now),
    ...nodes
      .filter((node) => !found.has(node))
      .map(
        (node) => `${node}: ${set} has no Pod there: does the cluster have a node of this name?`,
      ),
  ];
  if (lines.length === 0)
    lines.push(
      now.wanted === undefined
        ? `${set} is not seen by its controller: does kube-controller-manager run?`
        : `${set} has ${now.pods.length} of ${now.wanted} Pods: see \`kubectl -n ${namespace} describe daemonset ${name}\``,
    );
  return `After ${wait}, not every node had pulled from the registry:\n${lines.join("\n")}`;
}

function isWell({ wanted, pods }: DaemonSetNow): boolean {
  return wanted === pods.length && pods.every(({ ready }) => ready);
}

function isOf(now: DaemonSetNow, annotations: Readonly<Record<string, string>>): boolean {
  return Object.entries(annotations).every(([key, value]) => now.annotations[key] === value);
}
