import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineLab, type RunningCluster, type RunningLab, startCluster, startLab } from "../../lab";
import { describeCluster } from "../kubernetes-only";
import { configManifest, TestStack } from "../program/stack";

// One story, told in order: each test goes on from where the one before it ended.
describeCluster("nodes that come from the cluster", () => {
  let lab: RunningLab;
  let cluster: RunningCluster;
  let stack: TestStack;
  let list: unknown;
  let untouched: string;

  beforeAll(async () => {
    lab = await startLab(
      defineLab({
        name: "nodes-from",
        octet: 136,
        hosts: [
          { name: "controlplane", flavour: "debian-12" },
          { name: "node01", flavour: "debian-13" },
        ],
      }),
    );
    cluster = await startCluster(lab, { nodes: ["controlplane"] });
    stack = TestStack.lesson(lab);
    list = stack.current["nodes"];
    stack.change({ nodes: { fromKubeconfig: cluster.kubeconfigPath } });
  });
  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  const output = async (work: Promise<{ stdout: string; stderr: string }>) => {
    const { stdout, stderr } = await work;
    return stdout + stderr;
  };
  const MIRROR = "grep -rl ':5000' /etc/containerd || true";

  test("up covers the cluster's node only", async () => {
    await stack.succeed(stack.up());
    expect(await lab.host("controlplane").succeed(MIRROR)).not.toBe("");
    expect(await lab.host("node01").succeed(MIRROR)).toBe("");
  });

  test("a node that joins is named by the preview and covered by the next up", async () => {
    await startCluster(lab);
    untouched = await configManifest(lab.host("node01"));
    expect(await output(stack.succeed(stack.preview()))).toContain(
      "node01 joined the cluster: up lets it pull from the registry",
    );
    await stack.succeed(stack.up());
    expect(await lab.host("node01").succeed(MIRROR)).not.toBe("");
  });

  test("of a node that leaves, the preview says so, and up restores its files byte for byte", async () => {
    await cluster.kubectl(["delete", "node", "node01"]);
    expect(await output(stack.succeed(stack.preview()))).toContain(
      "node01 left the cluster: up removes the lines of this program from it",
    );
    await stack.succeed(stack.up());
    expect(await configManifest(lab.host("node01"))).toBe(untouched);
    expect(stack.state()).not.toContain("node01");
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("no key of the kubeconfig is in the state", () => {
    expect(stack.state()).not.toContain("PRIVATE KEY-----");
    expect(stack.state()).not.toContain("client-key");
  });

  test("a selector that selects nothing is refused, and nothing changes", async () => {
    stack.change({ nodes: { fromKubeconfig: cluster.kubeconfigPath, selector: "pool=none" } });
    const said = await stack.up();
    expect(said.code).not.toBe(0);
    expect(said.stdout + said.stderr).toContain(
      'cluster-registry:nodes.selector: expected at least one node that the selector "pool=none" selects, found none',
    );
    expect(await lab.host("controlplane").succeed(MIRROR)).not.toBe("");
  });

  test("with a plain list, the preview warns about a node that the cluster does not have", async () => {
    const kubeconfig = cluster.kubeconfigPath;
    stack.change({ nodes: list, kubernetes: { kubeconfig } });
    expect(await output(stack.succeed(stack.preview()))).toContain(
      "node01 is in the setting nodes, but the cluster at ",
    );
    const file = join(stack.folder, "nowhere.conf");
    const nowhere = "clusters: [{name: x, cluster: {server: 'https://127.0.0.1:1'}}]";
    const context =
      "contexts: [{name: x, context: {cluster: x, user: x}}]\ncurrent-context: x\nusers: [{name: x, user: {}}]";
    writeFileSync(file, `apiVersion: v1\nkind: Config\n${nowhere}\n${context}\n`);
    stack.change({ nodes: { fromKubeconfig: file } });
    expect(await output(stack.preview())).toContain(
      `cluster-registry:nodes.fromKubeconfig: the nodes cannot be read with ${file}: the Kubernetes cluster at https://127.0.0.1:1 does not answer: `,
    );
  });
});
