import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { dedicated, defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { configManifest, daemonsOf, pushImage, TestStack } from "./stack";

const ROOT = join(__dirname, "..", "..");
const PREFIX = "cluster-registry:";

/** Pulumi.dedicated.yaml as it is, on the addresses and with the keys of the test's own lab. */
function settingsFor(lab: RunningLab): Record<string, unknown> {
  const text = readFileSync(join(ROOT, "Pulumi.dedicated.yaml"), "utf8")
    .replaceAll("10.88.200.", "10.88.81.")
    .replaceAll(".lab/dedicated/id_ed25519", lab.privateKeyPath)
    .replaceAll(".lab/dedicated/known_hosts", lab.knownHostsPath);
  const { config } = parse(text) as { config: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.slice(PREFIX.length), value]),
  );
}

describeLab("a registry on a host of its own", () => {
  let lab: RunningLab;
  let stack: TestStack;

  beforeAll(async () => {
    const hosts = dedicated.hosts.map(({ name }) => name);
    lab = await startLab(defineLab({ name: "dedicated81", octet: 81, hosts }));
    stack = new TestStack(lab, settingsFor(lab));
  });

  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  test("every node pulls from it; its own containerd is left alone; destroy puts all back", async () => {
    const host = lab.host("registry");
    const nodes = [...lab.hosts.values()].filter(({ name }) => name !== "registry");
    const before = new Map<string, string>();
    for (const node of nodes) before.set(node.name, await configManifest(node));
    const containerd = await host.succeed("sha256sum /etc/containerd/config.toml");
    const daemon = await host.succeed("sha256sum /etc/docker/daemon.json");
    const running = (await daemonsOf(host)).split("\n\n")[0];

    await stack.succeed(stack.up());
    const image = await pushImage(host, `${host.address}:5000`);
    await Promise.all(nodes.map((node) => node.pullImage(image)));
    await stack.succeed(stack.preview("--expect-no-changes"));
    expect(await host.succeed("sha256sum /etc/containerd/config.toml")).toBe(containerd);
    expect((await daemonsOf(host)).split("\n\n")[0]).toBe(running);
    for (const { name } of nodes) {
      expect(stack.state()).toContain(`${name}-containerd-apply`);
      expect(await lab.host(name).fail("command -v docker")).toBe("");
    }
    expect(stack.state()).not.toContain("cluster-registry-containerd-apply");

    await stack.succeed(stack.destroy());
    for (const node of nodes) expect(await configManifest(node)).toBe(before.get(node.name));
    expect(await host.succeed("sha256sum /etc/docker/daemon.json")).toBe(daemon);
    expect(await host.succeed("docker ps -aq")).toBe("");
  });
});
