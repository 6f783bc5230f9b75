import * as pulumi from "@pulumi/pulumi";
import { PullCheck, type PullCheckArgs } from "../../components";
import { checkedPullCheck } from "../../components/pull-check-values";
import { everyNodePulls } from "../../components/pulls";
import { planned } from "../../components/planned";
import type { PullCheckPlan } from "../../components/plans";
import { failure, FakeApiServer } from "../engine/providers/kubernetes/api-server";
import { type Declared, record, settled, valueOf } from "./recorder";

const plan: PullCheckPlan = { connection: pulumi.secret({ host: "10.0.0.1", privateKey: "KEY" }) };
const IMAGE = "10.0.0.1:5000/cluster-registry/pull-check:1";
const SET = "/apis/apps/v1/namespaces/kube-system/daemonsets/cluster-pull-check";
const PODS =
  "/api/v1/namespaces/kube-system/pods?labelSelector=app.kubernetes.io%2Fname%3Dpull-check%2Capp.kubernetes.io%2Finstance%3Dcluster-pull-check";

let server: FakeApiServer;
// The library that reads a kubeconfig takes seconds to load.
beforeAll(async () => void (await import("@kubernetes/client-node")), 60_000);
beforeEach(async () => {
  server = await FakeApiServer.start();
});
afterEach(() => server.close());

const matchLabels = {
  "app.kubernetes.io/name": "pull-check",
  "app.kubernetes.io/instance": "cluster-pull-check",
};

function live(annotations: Record<string, string>, nodes: number) {
  return {
    metadata: { uid: "set", generation: 1 },
    spec: { selector: { matchLabels }, template: { metadata: { annotations } } },
    status: { observedGeneration: 1, desiredNumberScheduled: nodes },
  };
}

function pod(node: string, annotations: Record<string, string>, status: object) {
  return {
    metadata: { uid: node, annotations, ownerReferences: [{ uid: "set" }] },
    spec: { nodeName: node },
    status,
  };
}

const READY = { conditions: [{ type: "Ready", status: "True" }] };
const FAILING = {
  containerStatuses: [{ state: { waiting: { reason: "ErrImagePull", message: "no route" } } }],
};

/** The annotations of the template with these triggers, at an attempt. */
const marks = (attempt: number) => ({
  "cluster-registry/nodes": "8b5b9db0c13db242",
  "cluster-registry/attempt": String(attempt),
  "cluster-registry/digest": "sha256:d1",
});

/** Declares a check as ClusterRegistry does. */
function declare(changes: Partial<PullCheckArgs> = {}): { declared: Declared[]; check: PullCheck } {
  const declared = record({ "cluster-image": `${IMAGE}@sha256:d1\n` });
  const args: PullCheckArgs = {
    host: { address: "10.0.0.1" },
    registry: "10.0.0.1:5000",
    kubeconfig: server.kubeconfig,
    wait: "1s",
    triggers: { nodes: "three" },
    ...changes,
  };
  return { declared, check: new PullCheck("cluster", planned(args, plan)) };
}

const inputsOf = (declared: Declared[], name: string) =>
  declared.find((one) => one.name === name)?.inputs;

/** Waits for the nodes as a check does. */
const waitFor = (nodes?: string[]) =>
  everyNodePulls({
    namespace: "kube-system",
    name: "cluster-pull-check",
    access: { kubeconfig: server.kubeconfig, context: undefined },
    annotations: marks(1),
    wait: "1s",
    nodes,
  });

function nothingYet(): void {
  server.expects(`GET ${SET}`, ...failure(404, "NotFound", "not found"));
}

function now(annotations: Record<string, string>, pods: Record<string, object>): void {
  const names = Object.keys(pods);
  server.expects(`GET ${SET}`, 200, live(annotations, names.length)).expects(`GET ${PODS}`, 200, {
    items: names.map((node) => pod(node, annotations, pods[node] ?? {})),
  });
}

describe("PullCheck", () => {
  test("pushes the image from the registry's host, and runs it on every node, masters too", async () => {
    nothingYet();
    now(marks(1), { a: READY, b: READY });
    const { declared, check } = declare();
    expect(await valueOf(check.results)).toEqual({ a: "pulled", b: "pulled" });
    await settled();
    expect(server.open).toEqual([]);
    expect(declared.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
      "cluster-registry:index:PullCheck cluster",
      "command:remote:Command cluster-image",
      "kubernetes:apps/v1:DaemonSet cluster-daemonset",
      "pulumi:providers:kubernetes cluster-kubernetes",
    ]);
    const pushed = inputsOf(declared, "cluster-image");
    expect(pushed).toMatchObject({ create: "sh -s push", delete: "sh -s remove" });
    expect(pushed?.["stdin"]).toContain("registry='10.0.0.1:5000'\n");
    expect(inputsOf(declared, "cluster-daemonset")).toEqual({
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: {
        name: "cluster-pull-check",
        namespace: "kube-system",
        labels: matchLabels,
        annotations: { "pulumi.com/skipAwait": "true" },
      },
      spec: {
        selector: { matchLabels },
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "100%" } },
        template: {
          metadata: { labels: matchLabels, annotations: marks(1) },
          spec: {
            nodeSelector: { "kubernetes.io/os": "linux" },
            tolerations: [{ operator: "Exists" }],
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 5,
            securityContext: { runAsNonRoot: true, runAsUser: 65534, runAsGroup: 65534 },
            containers: [
              {
                name: "pull-check",
                image: IMAGE,
                imagePullPolicy: "Always",
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ["ALL"] },
                },
              },
            ],
          },
        },
      },
    });
  });

  test("where all nodes pulled, nothing changes; where one did not, they pull again, and the image is pushed again", async () => {
    const stdin: unknown[] = [];
    for (const [status, attempt] of [
      [READY, 4],
      [FAILING, 5],
    ] as const) {
      now(marks(4), { a: READY, b: status });
      now(marks(attempt), { a: READY, b: READY });
      const { declared, check } = declare();
      await valueOf(check.results);
      await settled();
      expect(inputsOf(declared, "cluster-daemonset")).toMatchObject({
        spec: { template: { metadata: { annotations: marks(attempt) } } },
      });
      stdin.push(inputsOf(declared, "cluster-image")?.["stdin"]);
    }
    expect(stdin[0]).not.toBe(stdin[1]);
  });

  test("given nodes are the only ones that it runs on, and each of them must be there", async () => {
    nothingYet();
    now(marks(1), { a: READY, b: READY });
    const { declared, check } = declare({ nodes: ["a", "b"] });
    await valueOf(check.results);
    await settled();
    const terms = ["a", "b"].map((node) => ({
      matchFields: [{ key: "metadata.name", operator: "In", values: [node] }],
    }));
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
      },
    };
    expect(inputsOf(declared, "cluster-daemonset")).toMatchObject({
      spec: { template: { spec: { affinity } } },
    });
  });

  test("wrong arguments are refused all at once", () => {
    const wrong = { registry: "10.0.0.1", namespace: "Mine", wait: "soon", nodes: [], bogus: 1 };
    expect(() => checkedPullCheck("cluster", { ...wrong, triggers: { "a b": "1" } })).toThrow(
      [
        "PullCheck cluster has 6 problems; no host was changed:",
        "  bogus: unknown key (known here: host, registry, kubeconfig, context, nodes, namespace, wait, triggers)",
        '  registry: expected an address and a port as image names begin with, such as 10.0.0.11:5000, found "10.0.0.1"',
        '  namespace: expected the name of a namespace, found "Mine"',
        '  wait: expected a duration such as 30s or 2m, found "soon"',
        "  nodes: expected at least one name, found []",
        `  triggers: expected names of letters, digits, '-', '_' and '.', found "a b"`,
      ].join("\n"),
    );
  });
});

describe("everyNodePulls", () => {
  const untilRefused = async (pods: Record<string, object>, nodes?: string[], attempt = 1) => {
    for (let poll = 0; poll < 9; poll++) now(marks(attempt), pods);
    return waitFor(nodes).then(
      () => "not refused",
      (error: Error) => error.message,
    );
  };
  const HEAD = "After 1s, not every node had pulled from the registry:\n";

  test("names a node that cannot pull with the kubelet's message, and no other node", async () => {
    expect(await untilRefused({ a: READY, b: FAILING })).toBe(
      `${HEAD}b: cannot pull: ErrImagePull: no route`,
    );
  });

  test("names a given node that the DaemonSet has no Pod on", async () => {
    expect(await untilRefused({ a: READY }, ["a", "b"])).toBe(
      `${HEAD}b: the DaemonSet kube-system/cluster-pull-check has no Pod there: does the cluster have a node of this name?`,
    );
  });

  test("does not take Pods of the former template for the result", async () => {
    expect(await untilRefused({ a: READY }, undefined, 7)).toBe(
      `${HEAD}the DaemonSet kube-system/cluster-pull-check has 1 of 1 Pods: see \`kubectl -n kube-system describe daemonset cluster-pull-check\``,
    );
  });

  test("does not take a DaemonSet that selects no node for a success", async () => {
    expect(await untilRefused({})).toContain(`${HEAD}the DaemonSet kube-system/cluster-pull-check`);
  });

  test("waits for a node that is on its way", async () => {
    now(marks(1), { a: { conditions: [] } });
    server.expects(
      "GET /api/v1/namespaces/kube-system/events?fieldSelector=involvedObject.uid%3Da%2Ctype%3DWarning",
      200,
      { items: [] },
    );
    now(marks(1), { a: READY });
    expect(await waitFor()).toEqual({ a: "pulled" });
  });
});
