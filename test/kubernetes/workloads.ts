import { setTimeout as sleep } from "node:timers/promises";
import { spreadDeployment } from "../../cli/pods";
import type { RunningCluster } from "../../lab";

interface Pod {
  metadata: { name: string; uid: string };
  spec: { nodeName?: string; containers: { image: string }[] };
  status: {
    phase: string;
    podIP?: string;
    containerStatuses?: {
      restartCount: number;
      image: string;
      state: {
        waiting?: { reason: string; message?: string };
        running?: { startedAt: string };
      };
    }[];
  };
}

/** An image from the lab's copy of the public registries, which every node reaches. */
export const BUSYBOX = "docker.io/library/busybox:latest";

/** The Deployment of `npm start -- --kubernetes`, in which Pods that are stuck on the old image do not hold up the new one. */
export const deployment = (
  name: string,
  replicas: number,
  container: Parameters<typeof spreadDeployment>[2],
): object =>
  spreadDeployment(name, replicas, container, {
    strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
  });

/** The command of a Pod that requests a page from each address, over and over, and logs "ok" or "failed" for each. */
export function asking(addresses: string[]): string[] {
  const ask = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 "$to" 80 | grep -q served`;
  const loop = `while :; do for to in ${addresses.join(" ")}; do if ${ask}; then echo "ok $to"; else echo "failed $to"; fi; done; sleep 0.2; done`;
  return ["sh", "-c", loop];
}

/** The command of a Pod that answers. */
export const ANSWERING = [
  "sh",
  "-c",
  "mkdir /www && echo served > /www/index.html && exec httpd -f -h /www",
];

export function podsOf(cluster: RunningCluster, app: string): Promise<Pod[]> {
  return cluster.get<Pod>("pods", "-l", `app=${app}`);
}

/** The reason why each Pod waits, or its phase: ["Running", "ErrImagePull"]. */
export const statesOf = (pods: Pod[]): string[] =>
  pods.map(({ status }) => waitingOf(status)?.reason ?? status.phase);

const waitingOf = (status: Pod["status"]) => status.containerStatuses?.[0]?.state.waiting;

/** The number of Pods on each node. */
export function spread(pods: Pod[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { spec } of pods)
    counts[spec.nodeName ?? "none"] = (counts[spec.nodeName ?? "none"] ?? 0) + 1;
  return counts;
}

/** Values that change when a container starts again or its Pod is replaced. */
export function startsOf(pods: Pod[]): Record<string, string> {
  return Object.fromEntries(
    pods.map(({ metadata, status }) => {
      const [container] = status.containerStatuses ?? [];
      const started = container?.state.running?.startedAt;
      return [metadata.uid, `${container?.restartCount} restarts, started ${started}`];
    }),
  );
}

/** The time since when each node is Ready. It changes if the node was not Ready in between. */
export async function readySince(cluster: RunningCluster): Promise<Record<string, string>> {
  const nodes = await cluster.get<{
    metadata: { name: string };
    status: { conditions: { type: string; status: string; lastTransitionTime: string }[] };
  }>("nodes");
  return Object.fromEntries(
    nodes.map(({ metadata, status }) => {
      const ready = status.conditions.find(({ type }) => type === "Ready");
      return [metadata.name, `${ready?.status} since ${ready?.lastTransitionTime}`];
    }),
  );
}

/** Polls a Deployment's Pods until they are as expected. Throws with their states if they never are. */
export async function untilPods(
  cluster: RunningCluster,
  app: string,
  holds: (pods: Pod[]) => boolean,
  seconds = 120,
): Promise<Pod[]> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const pods = await podsOf(cluster, app);
    if (holds(pods)) return pods;
    if (Date.now() > deadline) {
      const messages = pods.map(({ metadata, spec, status }) => {
        const { reason = "", message = "" } = waitingOf(status) ?? {};
        return `${metadata.name} on ${spec.nodeName}: ${status.phase} ${reason} ${message}`;
      });
      throw new Error(`Pods of ${app} not as expected after ${seconds} s:\n${messages.join("\n")}`);
    }
    await sleep(300);
  }
}

export const allRunning = (count: number) => (pods: Pod[]) =>
  pods.length === count && statesOf(pods).every((state) => state === "Running");

export const noneCanPull = (count: number) => (pods: Pod[]) =>
  pods.length === count &&
  statesOf(pods).every((state) => /^(ErrImagePull|ImagePullBackOff)$/.test(state));
