import type { RunningCluster } from "../lab";

/** The name of the Deployment. Only this proof uses it. */
const NAME = "cluster-registry-proof";

/**
 * A Deployment whose Pods spread evenly over the nodes. In the lab, as in the lesson's cluster, the control plane has no
 * taint, so it has Pods too.
 * @param more further fields of its specification
 */
export function spreadDeployment(
  name: string,
  replicas: number,
  container: { image: string; command?: string[]; imagePullPolicy?: string },
  more: object = {},
): object {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      ...more,
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
          containers: [{ name: "main", ...container }],
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
  // Deletes the Deployment of an earlier run, with its Pods.
  await cluster.kubectl([
    "delete",
    `deployment/${NAME}`,
    "--ignore-not-found",
    "--cascade=foreground",
  ]);
  await cluster.apply(spreadDeployment(NAME, 2, { image, imagePullPolicy: "Always" }));
  await rolledOut(cluster);
  say(`kubectl apply: Deployment ${NAME} of ${image}, 2 replicas, running`);
  await cluster.kubectl(["scale", `deployment/${NAME}`, "--replicas=6"]);
  await rolledOut(cluster);
  say(`kubectl scale deployment/${NAME} --replicas=6`);
  const columns = "custom-columns=POD:.metadata.name,NODE:.spec.nodeName,STATE:.status.phase";
  const table = await cluster.kubectl(["get", "pods", "-l", `app=${NAME}`, "-o", columns]);
  for (const row of table.trimEnd().split("\n")) say(row);
}

async function rolledOut(cluster: RunningCluster): Promise<void> {
  const wait = ["rollout", "status", `deployment/${NAME}`, "--timeout=120s"];
  const { code } = await cluster.run(wait);
  if (code === 0) return;
  const pods = await cluster.get<{
    metadata: { name: string };
    spec: { nodeName?: string };
    status: { containerStatuses?: { state: { waiting?: { reason: string; message?: string } } }[] };
  }>("pods", "-l", `app=${NAME}`);
  const waiting = pods.flatMap(({ metadata, spec, status }) => {
    const reason = status.containerStatuses?.[0]?.state.waiting;
    return reason === undefined
      ? []
      : [
          `${metadata.name} on ${spec.nodeName ?? "no node"}: ${reason.reason} ${reason.message ?? ""}`,
        ];
  });
  throw new Error(`the Pods of ${NAME} do not all run:\n${waiting.join("\n")}`);
}
