import { createHash } from "node:crypto";
import * as command from "@pulumi/command";
import { DaemonSet } from "@pulumi/kubernetes/apps/v1/daemonSet";
import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { indexPush, indexRemove, indexText } from "../helper/index-image";
import { PLATFORMS, pullCheckArchive } from "../oci/pull-check-image";
import { pullCheckAlone } from "./alone";
import type { HostArgs } from "./args";
import { planOf } from "./planned";
import type { PullCheckPlan } from "./plans";
import { checkedPullCheck } from "./pull-check-values";
import { ATTEMPT, attemptOf, everyNodePulls, lookAtCluster, resultsOf, troubles } from "./pulls";
import { withoutStack } from "./refusal";

/** The image in the registry, which stays there as long as the check is on. */
const REPOSITORY = "cluster-registry/pull-check";
const TAG = "1";

/** Arguments of {@link PullCheck}. */
export interface PullCheckArgs {
  /** The registry's host, whose docker pushes the image, and how to log in to it. */
  host: pulumi.Input<HostArgs>;
  /** The registry as in image names, `ADDRESS:PORT`: the `imagePrefix` of a ClusterRegistry. */
  registry: pulumi.Input<string>;
  /** The path of a kubeconfig file, or its text. @default that of KUBECONFIG, else ~/.kube/config */
  kubeconfig?: pulumi.Input<string>;
  /** One of its contexts. @default its current one */
  context?: pulumi.Input<string>;
  /** The names of the nodes to check, as the cluster has them. @default all nodes that run Linux */
  nodes?: pulumi.Input<pulumi.Input<string>[]>;
  /** The namespace of the DaemonSet. @default kube-system */
  namespace?: pulumi.Input<string>;
  /** How long the nodes may take to pull, e.g. `30s`. @default 2m */
  wait?: pulumi.Input<string>;
  /** If one of these values changes, the image is pushed and pulled again. @default none */
  triggers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * Proves that every node of a cluster, masters too, pulls from the registry: a DaemonSet runs an image of a few hundred
 * bytes, which only the registry has, on each of them.
 *
 * `up` waits until all nodes have pulled. If one cannot, `up` fails and names the node with the kubelet's own message.
 * The check stays in the cluster. It is repeated if a trigger changes, and if a node did not pull the last time.
 * Destroying the component removes the DaemonSet, and then the image from the registry.
 */
export class PullCheck extends pulumi.ComponentResource {
  /** `pulled` for each node, by name. In a preview, also why a node does not pull. */
  readonly results: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: PullCheckArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:PullCheck", name, {}, opts);
    const { host, ...own } = args;
    const given = pulumi
      .unsecret(pulumi.output(own))
      .apply((values) => checkedPullCheck(name, values));
    const registry = given.apply((values) => values.registry);
    const plan = planOf<PullCheckPlan>(args) ?? pullCheckAlone(name, { host, registry }, opts);
    const reference = registry.apply((prefix) => `${prefix}/${REPOSITORY}:${TAG}`);
    const daemonSet = daemonSetName(name);
    // A preview can know the place while the registry or a trigger is still unknown.
    const namespace = pulumi.output(args.namespace ?? "kube-system");
    // A secret kubeconfig does not make the results secret.
    const where = pulumi
      .unsecret(pulumi.all([namespace, args.kubeconfig, args.context]))
      .apply(([within, kubeconfig, context]) => ({
        namespace: within,
        name: daemonSet,
        access: { kubeconfig, context },
      }));
    const before = pulumi
      .all([where, given])
      .apply(([place]) => withoutStack(lookAtCluster(place)));
    if (pulumi.runtime.isDryRun())
      before.apply((found) =>
        Promise.all(troubles(found).map((line) => pulumi.log.warn(line, this))),
      );
    const attempt = before.apply(attemptOf);
    const hashes = pulumi
      .all([given, attempt])
      .apply(([{ triggers }, number]) => ({ ...hashesOf(triggers), [ATTEMPT]: String(number) }));

    const pushed = new command.remote.Command(
      `${name}-image`,
      {
        connection: plan.connection,
        // The log shows what was pushed, and on destroy what had to stay.
        logging: command.remote.Logging.Stdout,
        addPreviousOutputInEnv: false,
        create: indexPush,
        delete: indexRemove,
        stdin: pulumi.all([registry, hashes]).apply(([prefix, again]) => program(prefix, again)),
      },
      { parent: this },
    );
    const provider = new Provider(
      `${name}-kubernetes`,
      { kubeconfig: args.kubeconfig, context: args.context },
      { parent: this },
    );
    const labels = {
      "app.kubernetes.io/name": "pull-check",
      "app.kubernetes.io/instance": daemonSet,
    };
    const annotations = pulumi.all([hashes, pushed.stdout]).apply(([all, said]) => ({
      ...all,
      "cluster-registry/digest": said.trim().replace(/^.*@/, ""),
    }));
    const set = new DaemonSet(
      `${name}-daemonset`,
      {
        metadata: {
          name: daemonSet,
          namespace,
          labels,
          // Only this program knows the nodes' names and messages, so it waits itself.
          annotations: { "pulumi.com/skipAwait": "true" },
        },
        spec: {
          selector: { matchLabels: labels },
          // All nodes at once: no one uses these Pods.
          updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "100%" } },
          template: {
            metadata: { labels, annotations },
            spec: given.apply(({ nodes }) => ({
              ...podSpec,
              ...(nodes && { affinity: affinityTo(nodes) }),
              containers: [{ ...container, image: reference }],
            })),
          },
        },
      },
      { parent: this, provider, dependsOn: [pushed] },
    );
    this.results = pulumi
      .all([given, where, before, annotations, set.id])
      .apply(([{ nodes, wait }, place, found, wanted]) =>
        pulumi.runtime.isDryRun()
          ? Promise.resolve(resultsOf(found))
          : withoutStack(everyNodePulls({ ...place, annotations: wanted, wait, nodes })),
      );
    this.registerOutputs({ results: this.results });
  }
}

/** No rights, no privileges, and no tie to the node that it runs on. */
const podSpec = {
  nodeSelector: { "kubernetes.io/os": "linux" },
  tolerations: [{ operator: "Exists" }],
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  terminationGracePeriodSeconds: 5,
  securityContext: { runAsNonRoot: true, runAsUser: 65534, runAsGroup: 65534 },
};

const container = {
  name: "pull-check",
  imagePullPolicy: "Always",
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
};

/** One term for each node: a term takes one name. */
function affinityTo(nodes: readonly string[]) {
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: nodes.map((node) => ({
          matchFields: [{ key: "metadata.name", operator: "In", values: [node] }],
        })),
      },
    },
  };
}

function program(registry: string, again: Record<string, string>): string {
  return indexText({
    registry,
    repository: REPOSITORY,
    tag: TAG,
    platforms: PLATFORMS,
    archive: pullCheckArchive(`${registry}/${REPOSITORY}:${TAG}`),
    again: Object.entries(again).flat().join(" "),
  });
}

/** A name of the cluster's objects, from the resource's. */
function daemonSetName(resource: string): string {
  const name = resource
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .slice(0, 40);
  return `${name.replace(/^-+|-+$/g, "")}-pull-check`.replace(/^-/, "");
}

/** One annotation for each trigger: a diff shows which one has changed. */
function hashesOf(triggers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(triggers).map(([key, value]) => [
      `cluster-registry/${key}`,
      createHash("sha256").update(value).digest("hex").slice(0, 16),
    ]),
  );
}
