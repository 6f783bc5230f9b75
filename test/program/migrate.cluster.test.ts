import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { TestStack } from "./stack";

const CONFIG_TOML = "/etc/containerd/config.toml";
const HOSTS_TOML = "/etc/containerd/certs.d/docker.io/hosts.toml";

describeLab("migrate: true", () => {
  let lab: RunningLab;
  let stack: TestStack;

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "migrate", octet: 26, hosts: ["controlplane", "node01"] }),
    );
    // Both ways in one file: CRI does not load with it.
    await lab
      .host("node01")
      .succeed(
        `sed -i 's|config_path = ""|config_path = "/etc/containerd/certs.d"|' ${CONFIG_TOML}`,
      );
    stack = TestStack.lesson(lab, { migrate: true });
  });

  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  const mirrorsOf = (name: string) =>
    lab.host(name).succeed(`grep -c 'registry.mirrors."' ${CONFIG_TOML}; true`);

  test("moves the mirrors of the node that mixes both ways, and of no other", async () => {
    const before = await mirrorsOf("controlplane");
    expect(Number(before)).toBeGreaterThan(0);
    const said = await stack.up();
    expect([said.code, said.stderr]).toEqual([0, expect.any(String)]);

    expect(Number(await mirrorsOf("node01"))).toBe(0);
    expect(await lab.host("node01").succeed(`cat ${HOSTS_TOML}`)).toContain("[host.");
    expect(Number(await mirrorsOf("controlplane"))).toBe(Number(before) + 1);
    await lab.host("controlplane").fail(`test -e ${HOSTS_TOML}`);
    for (const host of lab.hosts.values()) {
      expect(await host.succeed("ctr plugins ls | grep -E 'cri +.*ok$'")).toContain("cri");
    }
  });

  test("is in sync afterwards, and stays so for the other node when it is said of one alone", async () => {
    expect((await stack.preview("--expect-no-changes")).code).toBe(0);
    const [controlplane, node01] = stack.current["nodes"] as Record<string, unknown>[];
    stack.configure({
      ...stack.current,
      migrate: false,
      nodes: [controlplane, { ...node01, migrate: true }],
    });
    expect((await stack.preview("--expect-no-changes")).code).toBe(0);
  });
});
