import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
import { labSsh } from "../program/user-stack";
import {
  allRunning,
  ANSWERING,
  asking,
  BUSYBOX,
  deployment,
  noneCanPull,
  podsOf,
  readySince,
  spread,
  startsOf,
  untilPods,
} from "./workloads";

const CONFIG_TOML = "/etc/containerd/config.toml";
const FIRST = ["controlplane", "node01"];
const APP_IMAGE = `
import * as pulumi from "@pulumi/pulumi";
import { AppImage } from ${JSON.stringify(join(__dirname, "..", "..", "components"))};
const config = new pulumi.Config();
const host = config.requireObject<{ address: string }>("host");
const app = new AppImage("myapp", {
  host, registry: host.address + ":5000", version: config.require("version"), context: "myapp",
});
export const image = app.reference;
`;

// One story, told in order: each test goes on from where the one before it ended.
describeCluster("a Deployment on nodes that never had its image", () => {
  let lab: RunningLab;
  let cluster: RunningCluster;
  let stack: TestStack;
  let app: TestStack | undefined;
  let controlplane: RunningHost;
  let nodes: { name: string }[];

  beforeAll(async () => {
    lab = await startLab(
      defineLab({
        name: "scaled",
        octet: 120,
        hosts: [
          { name: "controlplane", flavour: "debian-12" },
          { name: "node01", flavour: "containerd-2" },
          { name: "node02", flavour: "debian-13" },
        ],
      }),
    );
    controlplane = lab.host("controlplane");
    // A node that has no mirrors yet gets a hosts.toml, where the others get one mirror more.
    await lab.host("node01").succeed(`sed -i '/registry.mirrors/d; /endpoint = /d' ${CONFIG_TOML}`);
    cluster = await startCluster(lab, { nodes: FIRST });
    stack = TestStack.lesson(lab);
    nodes = stack.current["nodes"] as { name: string }[];
    stack.change({ nodes: nodes.filter(({ name }) => FIRST.includes(name)) });
    // On a new machine, containerd 2 is built from its sources first.
  }, 1_200_000);
  afterAll(async () => {
    stack?.remove();
    app?.remove();
    await lab?.down();
  });

  const image = (version: string) => `${controlplane.address}:5000/myapp:${version}`;

  const dockerfile = (version: string) =>
    `FROM busybox\nRUN echo ${version} > /version\nCMD ["sleep", "2147483647"]\n`;

  /** As the lesson does it, by hand. */
  async function push(version: string): Promise<void> {
    const folder = join(controlplane.root, "root", "myapp");
    mkdirSync(folder);
    writeFileSync(join(folder, "Dockerfile"), dockerfile(version));
    await controlplane.succeed(
      `docker build -q -t ${image(version)} /root/myapp && docker push -q ${image(version)}`,
    );
  }

  /** Nodes that fetched the image's layers, by the registry's own log. */
  async function pulledBy(): Promise<string[]> {
    const log = (await controlplane.succeed("docker logs registry 2>&1")).split("\n");
    const asked = (address: string) =>
      log.some((line) => line.startsWith(`${address} `) && line.includes("GET /v2/myapp/blobs/"));
    return [...lab.hosts.values()]
      .filter(({ address }) => asked(address))
      .map(({ name }) => name)
      .sort();
  }

  /** What all Pods that ask other Pods have logged. */
  const asked = async () =>
    (await cluster.kubectl(["logs", "-l", "app=asking", "--tail=-1"])).trim().split("\n");

  test("its nodes have containerd 1.x and 2.x, and before up its Pods end in ErrImagePull", async () => {
    const versions = await cluster.get<{
      status: { nodeInfo: { containerRuntimeVersion: string } };
    }>("nodes");
    expect(
      versions.map(({ status }) => status.nodeInfo.containerRuntimeVersion.split(".")[0]),
    ).toEqual(["containerd://1", "containerd://2"]);
    await cluster.apply(deployment("myapp", 2, { image: image("1.0") }));
    const pods = await untilPods(cluster, "myapp", noneCanPull(2));
    expect(spread(pods)).toEqual({ controlplane: 1, node01: 1 });
  });

  test("up restarts no container that runs, cuts no Pod off from another, and no node goes NotReady", async () => {
    await cluster.apply(deployment("answering", 2, { image: BUSYBOX, command: ANSWERING }));
    const answering = await untilPods(cluster, "answering", allRunning(2));
    const addresses = answering.map(({ status }) => status.podIP ?? "");
    await cluster.apply(deployment("asking", 2, { image: BUSYBOX, command: asking(addresses) }));
    const before = [answering, await untilPods(cluster, "asking", allRunning(2))].map(startsOf);
    const since = await readySince(cluster);
    const containerd = "systemctl show -P ExecMainStartTimestamp containerd";
    const started = await Promise.all(FIRST.map((name) => lab.host(name).succeed(containerd)));

    await stack.succeed(stack.up());
    await push("1.0");

    expect(await lab.host("node01").succeed("ls /etc/containerd/certs.d")).toBe(
      `${controlplane.address}:5000\n`,
    );
    expect(
      await controlplane.succeed(`grep -c '${controlplane.address}:5000"]' ${CONFIG_TOML}`),
    ).toBe("2\n");
    const restarted = await Promise.all(FIRST.map((name) => lab.host(name).succeed(containerd)));
    restarted.forEach((moment, index) => expect(moment).not.toBe(started[index]));
    const pods = await Promise.all(["answering", "asking"].map((app) => podsOf(cluster, app)));
    expect(pods.map(startsOf)).toEqual(before);
    expect(await readySince(cluster)).toEqual(since);
    const lines = await asked();
    expect(lines.filter((line) => !line.startsWith("ok "))).toEqual([]);
    // From both nodes to both: through the node with Docker, too.
    for (const address of addresses) expect(lines).toContain(`ok ${address}`);
  });

  test("after up its Pods run, without a touch", async () => {
    const before = (await podsOf(cluster, "myapp")).map(({ metadata }) => metadata.uid).sort();
    // kubelet waits up to five minutes between two pulls that fail; that is kubelet's own pace.
    const pods = await untilPods(cluster, "myapp", allRunning(2), 330);
    expect(pods.map(({ metadata }) => metadata.uid).sort()).toEqual(before);
  }, 400_000);

  test("scaled to 6 it runs on all nodes, and each of them pulled the image from the registry", async () => {
    await cluster.kubectl(["scale", "deployment/myapp", "--replicas=6"]);
    expect(spread(await untilPods(cluster, "myapp", allRunning(6)))).toEqual({
      controlplane: 3,
      node01: 3,
    });
    expect(await pulledBy()).toEqual(FIRST);
  });

  test("a node that joins is covered by the next up: scaled to 9, a third of the Pods run there", async () => {
    await startCluster(lab);
    stack.change({ nodes });
    await stack.succeed(stack.up());
    await cluster.kubectl(["scale", "deployment/myapp", "--replicas=9"]);
    expect(spread(await untilPods(cluster, "myapp", allRunning(9)))).toEqual({
      controlplane: 3,
      node01: 3,
      node02: 3,
    });
    expect(await pulledBy()).toEqual([...FIRST, "node02"]);
  });

  test("rolled to 1.1, which AppImage builds and pushes, it runs the new image everywhere", async () => {
    app = TestStack.program(lab, APP_IMAGE, {
      host: { address: controlplane.address, ...labSsh(lab) },
      version: "1.0",
    });
    mkdirSync(join(app.folder, "myapp"));
    writeFileSync(join(app.folder, "myapp", "Dockerfile"), dockerfile("1.1"));
    const { code, stdout, stderr } = await app.up();
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain("has myapp:1.0 with other content: bump the version");
    app.change({ version: "1.1" });
    await app.succeed(app.up());
    const pushed = (await app.succeed(app.run("stack output image"))).stdout.trim();
    expect(pushed).toBe(image("1.1"));
    await cluster.kubectl(["set", "image", "deployment/myapp", `main=${pushed}`]);
    await cluster.kubectl(["rollout", "status", "deployment/myapp", "--timeout=120s"]);
    const pods = await untilPods(cluster, "myapp", allRunning(9));
    expect(pods.map(({ status }) => status.containerStatuses?.[0]?.image)).toEqual(
      pods.map(() => image("1.1")),
    );
  });

  test("after destroy running Pods go on, still reach each other, and a new pull fails on every node", async () => {
    const apps = ["myapp", "answering", "asking"];
    const starts = async () =>
      (await Promise.all(apps.map((app) => podsOf(cluster, app)))).map(startsOf);
    const before = await starts();
    const since = await readySince(cluster);

    await stack.succeed(stack.destroy());

    expect(await starts()).toEqual(before);
    expect(await readySince(cluster)).toEqual(since);
    expect((await asked()).filter((line) => !line.startsWith("ok "))).toEqual([]);
    await cluster.apply(deployment("late", 3, { image: image("1.1"), imagePullPolicy: "Always" }));
    expect(spread(await untilPods(cluster, "late", noneCanPull(3)))).toEqual({
      controlplane: 1,
      node01: 1,
      node02: 1,
    });
  });
});
