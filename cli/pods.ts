import type { RunningCluster } from "../lab";

/** The lesson's Deployment, on every node. The control plane has no taint in the lab, as in the lesson's cluster. */
function deployment(image: string, replicas: number): object {
  const labels = { app: "mynginx" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "mynginx", namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: "kubernetes.io/hostname",
              whenUnsatisfiable: "DoNotSchedule",
              labelSelector: { matchLabels: labels },
            },
          ],
          containers: [{ name: "mynginx", image, imagePullPolicy: "Always" }],
        },
      },
    },
  };
}

/**
 * Runs an image of the private registry as a Deployment, scales it over all nodes, and prints where its Pods run.
 *
 * @throws Error with kubectl's own message if they do not run
 */
export async function runPods(
  cluster: RunningCluster,
  image: string,
  say: (line: string) => void,
): Promise<void> {
  await cluster.apply(deployment(image, 2));
  await rolledOut(cluster);
  say(`kubectl apply: Deployment mynginx of ${image}, 2 replicas, running`);
  await cluster.kubectl(["scale", "deployment/mynginx", "--replicas=6"]);
  await rolledOut(cluster);
  say("kubectl scale deployment/mynginx --replicas=6");
  const columns = "custom-columns=POD:.metadata.name,NODE:.spec.nodeName,STATE:.status.phase";
  const table = await cluster.kubectl(["get", "pods", "-l", "app=mynginx", "-o", columns]);
  for (const row of table.trimEnd().split("\n")) say(row);
}

async function rolledOut(cluster: RunningCluster): Promise<void> {
  const wait = ["rollout", "status", "deployment/mynginx", "--timeout=120s"];
  const { code } = await cluster.run(wait);
  if (code === 0) return;
  const pods = await cluster.get<{
    metadata: { name: string };
    spec: { nodeName?: string };
    status: { containerStatuses?: { state: { waiting?: { reason: string; message?: string } } }[] };
  }>("pods", "-l", "app=mynginx");
  const waiting = pods.flatMap(({ metadata, spec, status }) => {
    const reason = status.containerStatuses?.[0]?.state.waiting;
    return reason === undefined
      ? []
      : [
          `${metadata.name} on ${spec.nodeName ?? "no node"}: ${reason.reason} ${reason.message ?? ""}`,
        ];
  });
  throw new Error(`the Pods of mynginx do not all run:\n${waiting.join("\n")}`);
}
