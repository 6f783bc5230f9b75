import { defineLab, type RunningCluster, type RunningLab, startCluster, startLab } from "../../lab";
import { describeCluster } from "../kubernetes-only";
import { TestStack } from "../program/stack";
import { BUSYBOX } from "./workloads";

const PROGRAM = `
import * as pulumi from "@pulumi/pulumi";
import * as k8s from "@pulumi/kubernetes";
const config = new pulumi.Config();
const provider = new k8s.Provider("cluster", { kubeconfig: config.require("kubeconfig") });
const options = { provider };
const namespace = new k8s.core.v1.Namespace("team", { metadata: { name: "team" } }, options).metadata.name;
const metadata = (name: string) => ({ name, namespace });
new k8s.core.v1.ConfigMap("page", { metadata: metadata("page"), data: { "index.html": "served" } }, options);
const workload = (app: string, image: string) => ({
  selector: { matchLabels: { app } },
  template: {
    metadata: { labels: { app } },
    spec: {
      terminationGracePeriodSeconds: 0,
      hostNetwork: false,
      containers: [{
        name: "main", image, imagePullPolicy: "IfNotPresent",
        command: ["sh", "-c", "exec httpd -f -p 8080 -h /www"],
        env: [{ name: "EMPTY", value: "" }],
        resources: { requests: { cpu: "0.001" } },
        volumeMounts: [{ name: "page", mountPath: "/www" }],
      }],
      volumes: [{ name: "page", configMap: { name: "page" } }],
    },
  },
});
const image = config.require("image");
new k8s.apps.v1.Deployment("web", { metadata: metadata("web"), spec: { replicas: 2, ...workload("web", image) } },
  { ...options, customTimeouts: { update: config.require("limit") } });
new k8s.core.v1.Service("web", { metadata: metadata("web"),
  spec: { type: "NodePort", selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] } }, options);
new k8s.apps.v1.DaemonSet("each", { metadata: metadata("each"), spec: workload("each", "${BUSYBOX}") }, options);
`;

// One story, told in order: each test goes on from where the one before it ended.
describeCluster("workloads as resources of a program", () => {
  let lab: RunningLab;
  let cluster: RunningCluster;
  let stack: TestStack;

  beforeAll(async () => {
    lab = await startLab(
      defineLab({
        name: "workloads",
        octet: 130,
        hosts: [
          { name: "controlplane", flavour: "debian-12" },
          { name: "node01", flavour: "containerd-2" },
        ],
      }),
    );
    cluster = await startCluster(lab);
    const kubeconfig = cluster.kubeconfigPath;
    stack = TestStack.program(lab, PROGRAM, { kubeconfig, image: BUSYBOX, limit: "60s" });
    // On a new machine, containerd 2 is built from its sources first.
  }, 1_200_000);
  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  const resourcesOf = (state: string) =>
    (
      JSON.parse(state) as { checkpoint: { latest: { resources: { urn: string; id?: string }[] } } }
    ).checkpoint.latest.resources.map(({ urn, id }) => [urn, id]);

  const field = (path: string, ...of: string[]) =>
    cluster.kubectl(["-n", "team", "get", ...of, "-o", `jsonpath=${path}`]);

  test("up waits until they are ready, and the next preview is empty", async () => {
    await stack.succeed(stack.up());
    expect(await field("{.status.availableReplicas}", "deployment", "web")).toBe("2");
    expect(await field("{.status.numberAvailable}", "daemonset", "each")).toBe("2");
    await stack.succeed(stack.preview("--refresh", "--expect-no-changes"));
  }, 300_000);

  test("what kubectl changed is shown and repaired", async () => {
    await cluster.kubectl(["-n", "team", "scale", "deployment/web", "--replicas=1"]);
    const shown = await stack.succeed(stack.preview("--refresh", "--diff"));
    expect(shown.stdout).toContain("replicas");
    await stack.succeed(stack.up("--refresh"));
    expect(await field("{.spec.replicas}", "deployment", "web")).toBe("2");
  }, 300_000);

  test("a bad image fails with the Pod's message, and a good one repairs it", async () => {
    stack.change({ image: "docker.io/library/none:1", limit: "20s" });
    const failed = await stack.up();
    expect(failed.code).not.toBe(0);
    expect(`${failed.stdout}${failed.stderr}`).toMatch(/ErrImagePull|ImagePullBackOff/);
    stack.change({ image: BUSYBOX, limit: "60s" });
    await stack.succeed(stack.up());
    await stack.succeed(stack.preview("--refresh", "--expect-no-changes"));
  }, 300_000);

  test("a cluster that does not answer is never empty: refresh and destroy fail, and the state stays", async () => {
    const before = stack.state();
    const main = lab.host("controlplane");
    await main.succeed("systemctl stop kube-apiserver");
    for (const command of [
      () => stack.run("refresh", "--yes", "--skip-preview"),
      () => stack.destroy(),
    ]) {
      const said = await command();
      expect(said.code).not.toBe(0);
      expect(`${said.stdout}${said.stderr}`).toContain(
        `the Kubernetes cluster at https://${main.address}:6443 does not answer: `,
      );
      expect(resourcesOf(stack.state())).toEqual(resourcesOf(before));
    }
    await main.succeed("systemctl start kube-apiserver");
    await cluster.untilReachable();
    // A node that could not report for long is not ready, and neither are its Pods.
    for (const one of ["deployment/web", "daemonset/each"])
      await cluster.kubectl(["-n", "team", "rollout", "status", one, "--timeout=120s"]);
    await stack.succeed(stack.preview("--refresh", "--expect-no-changes"));
  }, 300_000);

  test("destroy removes them all", async () => {
    await stack.succeed(stack.destroy());
    expect(await cluster.kubectl(["get", "namespace", "team", "--ignore-not-found"])).toBe("");
  }, 300_000);
});
