import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { about, configManifest, daemonsOf, type Said, TestStack } from "./stack";

const CONFIG_TOML = "/etc/containerd/config.toml";
const DAEMON_JSON = "/etc/docker/daemon.json";

describeLab("what is refused before anything is touched", () => {
  let lab: RunningLab;

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "refusals", octet: 62, hosts: ["controlplane", "node01"] }),
    );
  });

  afterAll(() => lab?.down());

  /** Runs an up that must be refused, and sees to it that no host noticed. */
  async function refused(
    changes: Record<string, unknown>,
    hosts = [...lab.hosts.values()],
  ): Promise<string> {
    const stack = TestStack.lesson(lab, changes);
    const facts = () =>
      Promise.all(hosts.flatMap((host) => [configManifest(host), daemonsOf(host)]));
    const before = await facts();
    try {
      const said: Said = await stack.up();
      expect(said.code).not.toBe(0);
      expect(await facts()).toEqual(before);
      for (const host of hosts)
        expect(await host.exec("test -e /var/lib/cluster-registry")).toMatchObject({ code: 1 });
      return said.stdout + said.stderr;
    } finally {
      stack.remove();
    }
  }

  const nodes = (changes: Record<string, unknown>) => [
    { name: "controlplane", address: lab.host("controlplane").address, role: "master" },
    { name: "node01", address: lab.host("node01").address, role: "worker", ...changes },
  ];

  test("an unknown key, with its place", async () => {
    expect(await refused({ regsitry: {} })).toContain("cluster-registry:regsitry: unknown key");
    expect(await refused({ nodes: nodes({ rol: "x" }) })).toContain(
      "cluster-registry:nodes[1].rol: unknown key",
    );
  });

  test("a bad address and a node named twice, both in one error", async () => {
    const text = await refused({
      nodes: [...nodes({ address: "10.0.0.300" }), ...nodes({}).slice(1)],
    });
    expect(text).toContain(
      'cluster-registry:nodes[1].address: expected an IP address or a host name, found "10.0.0.300"',
    );
    expect(text).toContain('cluster-registry:nodes[2].name: "node01" is nodes[1].name already');
  });

  test("a host that does not answer, while a preview still shows the others' drift", async () => {
    const node01 = lab.host("node01");
    await node01.cutPower();
    try {
      const stack = TestStack.lesson(lab);
      const said = await stack.preview();
      stack.remove();
      expect(said.code).not.toBe(0);
      expect(said.stdout + said.stderr).toMatch(about("controlplane", "first apply"));
      expect(said.stdout + said.stderr).toMatch(/node01: .*10\.88\.62\.12:22/);
      expect(said.stdout + said.stderr).not.toMatch(about("node01", "first apply"));

      const text = await refused({}, [lab.host("controlplane")]);
      expect(text).toMatch(
        /No host was changed. Resolve these problems first:\n *node01: .*10\.88\.62\.12:22/,
      );
    } finally {
      await node01.start();
    }
  });

  test("another host key than the known one, with nothing sent", async () => {
    const other = lab.host("controlplane").hostKey;
    const text = await refused({ nodes: nodes({ ssh: { hostKey: other } }) });
    expect(text).toContain("node01");
    expect(text).toMatch(/SHA256:/);
  });

  test("a login that the host refuses, tried once", async () => {
    const node01 = lab.host("node01");
    const since = (await node01.succeed("date +%s")).trim();
    const text = await refused({ nodes: nodes({ ssh: { password: "wrong" } }) });
    expect(text).toContain("login refused. Offered, once: password");
    expect(text).toContain("node01");
    const attempts = await node01.succeed(
      `journalctl -u ssh --since=@${since} -o cat | grep -c 'Failed password'; true`,
    );
    expect(Number(attempts)).toBe(1);
    const connections = await node01.succeed(
      `journalctl -u ssh --since=@${since} -o cat | grep -cE 'Connection (closed|reset) by authenticating user'; true`,
    );
    expect(Number(connections)).toBe(1);
  });

  test("a daemon.json that is no JSON, with line and column", async () => {
    const host = lab.host("controlplane");
    const original = await host.succeed(`cat ${DAEMON_JSON}`);
    try {
      await host.succeed(`printf '{\\n  "mtu": 1454,\\n}\\n' > ${DAEMON_JSON}`);
      const text = await refused({});
      expect(text).toContain("controlplane: ");
      expect(text).toMatch(
        /\/etc\/docker\/daemon\.json:2:14: expected no comma behind the last element/,
      );
    } finally {
      await host.exec(`cat > ${DAEMON_JSON}`, { stdin: original });
    }
  });

  test("a config.toml that is no TOML", async () => {
    const host = lab.host("node01");
    const original = await host.succeed(`cat ${CONFIG_TOML}`);
    try {
      await host.succeed(`printf 'version = 2\\n[plugins\\n' > ${CONFIG_TOML}`);
      const text = await refused({});
      expect(text).toContain("node01: ");
      expect(text).toMatch(/\/etc\/containerd\/config\.toml:2:/);
    } finally {
      await host.exec(`cat > ${CONFIG_TOML}`, { stdin: original });
    }
  });

  test("mirrors and config_path in one file, since CRI would not load", async () => {
    const host = lab.host("node01");
    const original = await host.succeed(`cat ${CONFIG_TOML}`);
    try {
      const both = original.replace('config_path = ""', 'config_path = "/etc/containerd/certs.d"');
      expect(both).not.toBe(original);
      await host.exec(`cat > ${CONFIG_TOML}`, { stdin: both });
      const text = await refused({});
      expect(text).toContain("node01: ");
      expect(text).toContain("config_path");
      expect(text).toContain("migrate: true");
    } finally {
      await host.exec(`cat > ${CONFIG_TOML}`, { stdin: original });
    }
  });

  test("a container named registry that was made by hand, with its ports", async () => {
    const host = lab.host("controlplane");
    await host.succeed(
      "apt-get install -y -q docker.io && docker run -d --name registry -p 5001:5000 registry",
    );
    const text = await refused({});
    expect(text).toContain("expected no container named registry, found one that was made by hand");
    expect(text).toContain("5001");
    expect(text).toContain("registry.adopt: true");
    await host.succeed("docker rm -f registry");
  });

  test("a registry that a node does not reach is found before any node is changed", async () => {
    const node01 = lab.host("node01");
    const controlplane = lab.host("controlplane");
    const stack = TestStack.lesson(lab);
    const before = await configManifest(node01);
    await controlplane.succeed(
      `iptables -I INPUT -s ${node01.address} -p tcp --dport 5000 -j REJECT && iptables -I FORWARD -s ${node01.address} -j REJECT`,
    );
    try {
      const said = await stack.up();
      expect(said.code).not.toBe(0);
      expect(said.stdout + said.stderr).toContain(
        "No node was changed, because these nodes cannot reach the registry",
      );
      expect(said.stdout + said.stderr).toMatch(/node01: .*10\.88\.62\.11:5000/);
      expect(await configManifest(node01)).toBe(before);
      expect(await controlplane.succeed(`cat ${CONFIG_TOML}`)).not.toContain(":5000");
    } finally {
      await controlplane.succeed(
        `iptables -D INPUT -s ${node01.address} -p tcp --dport 5000 -j REJECT; iptables -D FORWARD -s ${node01.address} -j REJECT`,
      );
      await stack.succeed(stack.destroy());
      stack.remove();
    }
  });
});
