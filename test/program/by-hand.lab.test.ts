import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { about, daemonsOf, pushImage, TestStack } from "./stack";

const CONFIG_TOML = "/etc/containerd/config.toml";
const DAEMON_JSON = "/etc/docker/daemon.json";

describeLab("a cluster where the lesson was done by hand", () => {
  let lab: RunningLab;
  let stack: TestStack;
  let registry: string;
  let image: string;
  const files = new Map<string, string>();

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "byhand", octet: 63, hosts: ["controlplane", "node01"] }),
    );
    stack = TestStack.lesson(lab);
    const controlplane = lab.host("controlplane");
    registry = `${controlplane.address}:5000`;
    await controlplane.succeed("apt-get install -y -q docker.io");
    await controlplane.succeed(
      `sed -i 's|"mtu"|"insecure-registries": ["http://${registry}"],\\n  "mtu"|' ${DAEMON_JSON} && systemctl restart docker`,
    );
    await controlplane.succeed(
      "docker pull -q registry && docker run -dit -p 5000:5000 --name registry -e REGISTRY_STORAGE_DELETE_ENABLED=true registry",
    );
    for (const host of lab.hosts.values()) {
      await host.succeed(
        `sed -i '/^ *\\[plugins."io.containerd.grpc.v1.cri".registry.mirrors\\]/a ` +
          `[plugins."io.containerd.grpc.v1.cri".registry.mirrors."${registry}"]\\n  endpoint = ["http://${registry}"]' ${CONFIG_TOML} && ` +
          "systemctl restart containerd",
      );
      files.set(host.name, await host.succeed(`cat ${CONFIG_TOML}; cat ${DAEMON_JSON}`));
    }
    image = await pushImage(controlplane, registry);
    await lab.host("node01").pullImage(image);
  });

  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  test("the container made by hand is refused unless the settings say adopt", async () => {
    const said = await stack.up();
    expect(said.code).not.toBe(0);
    expect(said.stdout + said.stderr).toContain("registry.adopt: true");
  });

  test("adopt takes the container over with its images; entries that are there are left as they are", async () => {
    const { address } = lab.host("controlplane");
    stack.change({ registry: { host: "controlplane", address, adopt: true } });
    const containerd = await daemonsOf(lab.host("node01"));
    await stack.succeed(stack.up());
    expect(await daemonsOf(lab.host("node01"))).toBe(containerd);
    for (const host of lab.hosts.values()) {
      expect(await host.succeed(`cat ${CONFIG_TOML}; cat ${DAEMON_JSON}`)).toBe(
        files.get(host.name),
      );
    }
    await lab.host("node01").removeImage(image);
    await lab.host("node01").pullImage(image);
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("adopt that is taken out would leave the images behind, and a preview says so", async () => {
    const { current } = stack;
    const { address } = lab.host("controlplane");
    stack.change({ registry: { host: "controlplane", address } });
    const said = await stack.succeed(stack.preview());
    stack.configure(current);
    const text = said.stdout + said.stderr;
    expect(text).toMatch(about("controlplane", "the registry will be empty: the volume "));
    expect(text).toMatch(
      /: the volume [0-9a-f]{64}, which holds its present images, remains, unused\. To keep them, set registry\.volume: [0-9a-f]{64}/,
    );
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("destroy leaves the entries, and gives the container back as it was, its images in it", async () => {
    await stack.succeed(stack.destroy());
    for (const host of lab.hosts.values()) {
      expect(await host.succeed(`cat ${CONFIG_TOML}; cat ${DAEMON_JSON}`)).toBe(
        files.get(host.name),
      );
    }
    const controlplane = lab.host("controlplane");
    expect(await controlplane.succeed("docker ps --format '{{.Names}}'")).toBe("registry\n");
    await controlplane.waitUntilSucceeds(`curl -sf http://${registry}/v2/mynginx/tags/list`);
    await lab.host("node01").removeImage(image);
    await lab.host("node01").pullImage(image);
  });
});
