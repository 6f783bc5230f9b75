import {
  defineLab,
  type RunningCluster,
  type RunningHost,
  type RunningLab,
  startCluster,
  startLab,
} from "../../lab";
import { describeCluster } from "../kubernetes-only";
import { TestStack } from "../program/stack";

const FIRST = ["controlplane", "node01"];
const ALL = [...FIRST, "node02"];
const SET = ["-n", "kube-system", "daemonset/cluster-pull-check"];

interface Pod {
  metadata: { uid: string };
  spec: { nodeName: string };
  status: { conditions: { type: string; status: string }[] };
}

// One story, told in order: each test goes on from where the one before it ended.
describeCluster("a pull check of a cluster's nodes", () => {
  let lab: RunningLab;
  let cluster: RunningCluster;
  let stack: TestStack;
  let controlplane: RunningHost;
  let nodes: { name: string }[];
  let kubernetes: Record<string, unknown>;

  beforeAll(async () => {
    lab = await startLab(
      defineLab({
        name: "pull-check",
        octet: 138,
        hosts: [
          { name: "controlplane", flavour: "debian-12" },
          { name: "node01", flavour: "debian-13" },
          { name: "node02", flavour: "debian-13" },
        ],
      }),
    );
    controlplane = lab.host("controlplane");
    cluster = await startCluster(lab, { nodes: FIRST });
    await cluster.kubectl(
      "taint node controlplane node-role.kubernetes.io/control-plane=:NoSchedule".split(" "),
    );
    stack = TestStack.lesson(lab);
    nodes = stack.current["nodes"] as { name: string }[];
    kubernetes = { kubeconfig: cluster.kubeconfigPath, pullCheck: true };
    stack.change({ nodes: nodes.filter(({ name }) => FIRST.includes(name)), kubernetes });
  });
  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  /** The nodes of the check's Pods that are ready, and each Pod's id. */
  async function readyPods(): Promise<Record<string, string>> {
    const label = "app.kubernetes.io/name=pull-check";
    const pods = await cluster.get<Pod>("pods", "-n", "kube-system", "-l", label);
    const ready = pods.filter(({ status }) =>
      status.conditions.some(({ type, status }) => type === "Ready" && status === "True"),
    );
    return Object.fromEntries(ready.map(({ spec, metadata }) => [spec.nodeName, metadata.uid]));
  }

  const uid = () => cluster.kubectl(["get", ...SET, "-o", "jsonpath={.metadata.uid}"]);
  const results = async () => {
    const { stdout } = await stack.succeed(stack.run("stack output", "--json"));
    return (JSON.parse(stdout) as Record<string, unknown>)["pullCheck"];
  };
  /** The registry's answer to a request for a tag of the image. */
  const tag = (name: string) =>
    controlplane.succeed(
      "curl -s -H 'Accept: application/vnd.docker.distribution.manifest.list.v2+json' " +
        `http://${controlplane.address}:5000/v2/cluster-registry/pull-check/manifests/${name}`,
    );

  /** The DaemonSet and its Pods go, and the host keeps nothing of the image. */
  async function nothingLeft(): Promise<void> {
    const label = "app.kubernetes.io/name=pull-check";
    const all = ["get", "daemonsets,pods", "-n", "kube-system", "-l", label, "-o", "name"];
    await cluster.until(all, (output) => output === "");
    expect(await controlplane.succeed("docker image ls -q '*/cluster-registry/*'")).toBe("");
  }

  test("a preview shows it before there is a registry", async () => {
    const { stdout } = await stack.succeed(stack.preview());
    expect(stdout).toContain("cluster: pull check");
  });

  test("after up, every node has pulled, the tainted master too, and nothing remains to be done", async () => {
    await stack.succeed(stack.up());
    expect(await results()).toEqual({ controlplane: "pulled", node01: "pulled" });
    expect(Object.keys(await readyPods()).sort()).toEqual(FIRST);
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("the registry has the image as an index of both platforms, and the host that pushed it keeps none", async () => {
    const { manifests } = JSON.parse(await tag("1")) as {
      manifests: { platform: { architecture: string } }[];
    };
    expect(manifests.map(({ platform }) => platform.architecture)).toEqual(["amd64", "arm64"]);
    expect(await controlplane.succeed("docker image ls -q '*/cluster-registry/*'")).toBe("");
    expect(await controlplane.succeed("ls -A /root/.docker 2>/dev/null || true")).toBe("");
  });

  test("a node that joins is checked, and all others again, by an update of the same DaemonSet", async () => {
    const before = { uid: await uid(), pods: await readyPods() };
    await startCluster(lab);
    stack.change({ nodes });
    await stack.succeed(stack.up());
    expect(await results()).toEqual({ controlplane: "pulled", node01: "pulled", node02: "pulled" });
    expect(await uid()).toBe(before.uid);
    const after = await readyPods();
    expect(Object.keys(after).sort()).toEqual(ALL);
    for (const node of FIRST) expect(after[node]).not.toBe(before.pods[node]);
  });

  test("a node that does not reach the registry fails up, with its name and the kubelet's message", async () => {
    const cut = `-s ${lab.host("node01").address} -p tcp --dport 5000 -j REJECT`;
    // Docker forwards the port, or its proxy listens.
    await controlplane.succeed(`iptables -I INPUT ${cut} && iptables -I FORWARD ${cut}`);
    await cluster.kubectl(["rollout", "restart", ...SET]);
    stack.change({ kubernetes: { ...kubernetes, pullCheck: { wait: "20s" } } });
    const said = await stack.up();
    expect(said.code).not.toBe(0);
    const text = said.stdout + said.stderr;
    expect(text).toContain("After 20s, not every node had pulled from the registry:\n");
    expect(text).toMatch(
      /node01: cannot pull: (ErrImagePull|ImagePullBackOff): .*failed to (pull|resolve).*dial tcp .*:5000: connect: connection refused/,
    );
    expect(text).not.toMatch(/(controlplane|node02): cannot pull/);

    const preview = await stack.succeed(stack.preview());
    expect(preview.stdout + preview.stderr).toMatch(/node01: cannot pull: /);
    await controlplane.succeed(`iptables -D INPUT ${cut} && iptables -D FORWARD ${cut}`);
    await stack.succeed(stack.up());
    expect(Object.keys(await readyPods()).sort()).toEqual(ALL);
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("switched off, it removes the DaemonSet and the tags, and the registry stays", async () => {
    stack.change({ kubernetes: { ...kubernetes, pullCheck: false } });
    await stack.succeed(stack.up());
    await nothingLeft();
    for (const name of ["1", "1-amd64", "1-arm64"])
      expect(await tag(name)).toContain("MANIFEST_UNKNOWN");
    expect(await results()).toBeUndefined();
  });

  test("destroy removes it with the rest", async () => {
    stack.change({ kubernetes });
    await stack.succeed(stack.up());
    expect(await results()).toEqual({ controlplane: "pulled", node01: "pulled", node02: "pulled" });
    await stack.succeed(stack.destroy());
    await nothingLeft();
  });
});
