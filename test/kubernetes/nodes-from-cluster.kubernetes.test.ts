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

  const GONE = "node01 left the cluster, and its host does not answer: ";
  const LEFT = "node01 left the cluster: up removes the lines of this program from it";
  const KEYS = "/root/.ssh/authorized_keys";

  test("a node that left and refuses the login is not gone: up fails, and the state keeps it", async () => {
    const node = lab.host("node01");
    await node.succeed("systemctl restart kubelet");
    await node.waitUntilSucceeds("systemctl is-active kubelet");
    await cluster.untilReady(["node01"]);
    await stack.succeed(stack.up());
    await cluster.kubectl(["delete", "node", "node01"]);
    await node.succeed(`mv ${KEYS} ${KEYS}.off`);
    const said = await stack.up();
    await node.succeed(`mv ${KEYS}.off ${KEYS}`);
    expect(said.code).not.toBe(0);
    expect(said.stdout + said.stderr).not.toContain(GONE);
    expect(stack.state()).toContain("node01-containerd-guard");
    expect(await node.succeed(MIRROR)).not.toBe("");
  });

  test("a node that left and whose host is off is dropped with a message, within two runs", async () => {
    const node = lab.host("node01");
    // Otherwise, it would join the cluster again when it starts.
    await node.succeed("systemctl disable --now kubelet");
    await node.cutPower();
    const shown = await output(stack.succeed(stack.preview()));
    expect(shown).toContain(GONE);
    expect(shown).not.toContain(LEFT);
    expect(await output(stack.succeed(stack.up()))).toContain(GONE);
    expect(stack.state()).not.toContain("node01-containerd-apply");
    expect(await output(stack.succeed(stack.up()))).not.toContain(GONE);
    expect(stack.state()).not.toContain("node01");
  });

  test("if the host starts again, it has the lines, and the message's command removes them", async () => {
    const node = lab.host("node01");
    await node.start();
    expect(await node.succeed(MIRROR)).not.toBe("");
    const id = `cluster-registry.${stack.name}.containerd-node01`;
    await node.succeed(`sh /var/lib/cluster-registry/helper undo ${id}`);
    await node.succeed("systemctl enable --quiet kubelet");
    expect(await configManifest(node)).toBe(untouched);
  });

  test("the nodes' user is the one that logs in to them", async () => {
    stack.change({ nodes: { fromKubeconfig: cluster.kubeconfigPath, user: "ops" } });
    expect(await output(stack.preview())).toContain(
      "controlplane: the user ops cannot access Docker's socket: ",
    );
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

  /** A kubeconfig of a cluster that does not answer. */
  const nowhere = (): string => {
    const file = join(stack.folder, "nowhere.conf");
    const clusters = "clusters: [{name: x, cluster: {server: 'https://127.0.0.1:1'}}]";
    const context =
      "contexts: [{name: x, context: {cluster: x, user: x}}]\ncurrent-context: x\nusers: [{name: x, user: {}}]";
    writeFileSync(file, `apiVersion: v1\nkind: Config\n${clusters}\n${context}\n`);
    return file;
  };
  const SILENT = "the Kubernetes cluster at https://127.0.0.1:1 does not answer: ";

  test("with a plain list, the preview warns about a node that only the list or only the cluster has", async () => {
    const [, node01] = list as unknown[];
    stack.change({ nodes: [node01], kubernetes: { kubeconfig: cluster.kubeconfigPath } });
    const shown = await output(stack.succeed(stack.preview()));
    expect(shown).toContain("node01 is in the setting nodes, but the cluster at ");
    expect(shown).toMatch(
      /controlplane is a node of the cluster at \S+, but the setting nodes lacks it: /,
    );
    stack.change({ nodes: list });
    expect(await output(stack.succeed(stack.preview()))).not.toContain("controlplane is a node");
  });

  test("the cluster is told of a registry that moves to another host, in the same ConfigMap", async () => {
    const published = () =>
      cluster.kubectl([
        "-n",
        "kube-public",
        "get",
        "configmap",
        "local-registry-hosting",
        "-o",
        "yaml",
      ]);
    const { registry } = stack.current;
    const [before, after] = ["controlplane", "node01"].map((name) => lab.host(name).address);
    await stack.succeed(stack.up());
    expect(await published()).toContain(`host: "${before}:5000"`);
    stack.change({ registry: { host: "node01", address: after } });
    await stack.succeed(stack.up());
    expect(await published()).toContain(`host: "${after}:5000"`);
    await stack.succeed(stack.preview("--expect-no-changes"));
    stack.change({ registry });
    await stack.succeed(stack.up());
    expect(await published()).toContain(`host: "${before}:5000"`);
  });

  test("with a plain list, a cluster that does not answer does not stop the preview", async () => {
    stack.change({ nodes: list, kubernetes: { kubeconfig: nowhere() } });
    expect(await output(stack.succeed(stack.preview()))).toContain(
      `the setting nodes could not be compared with the cluster's nodes: ${SILENT}`,
    );
  });

  test("a cluster that does not answer is no cluster without nodes: the run stops", async () => {
    const file = nowhere();
    stack.change({ nodes: { fromKubeconfig: file } });
    expect(await output(stack.preview())).toContain(
      `cluster-registry:nodes.fromKubeconfig: the nodes cannot be read with ${file}: ${SILENT}`,
    );
  });
});
