import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { dockerSshOptions } from "../../components/docker-ssh";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { accessOf } from "../../settings/access";
import { parseSettings } from "../../settings/parse";
import { surroundings } from "../../ssh/surroundings";
import { describeLab } from "../lab-only";
import { pushImage, TestStack } from "./stack";

const CONFIG_TOML = "/etc/containerd/config.toml";

describeLab("the ways to log in", () => {
  let lab: RunningLab;
  let stack: TestStack;
  const ssh = (changes: Record<string, unknown>) => ({
    privateKeyPath: lab.privateKeyPath,
    knownHostsPath: lab.knownHostsPath,
    config: "none",
    wait: "0",
    ...changes,
  });
  const cluster = () => ["controlplane", "node01"].map((name) => lab.host(name));

  beforeAll(async () => {
    lab = await startLab(
      defineLab({
        name: "logins",
        octet: 80,
        hosts: ["controlplane", "node01", "bastion", "outer"],
      }),
    );
    stack = TestStack.lesson(lab);
    stack.change({
      nodes: cluster().map(({ name, address }) => ({ name, address, role: "worker" })),
    });
  });

  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  /** Files that have come or changed since the mark, logs and systemd's own bookkeeping aside. */
  const mark = (host: RunningHost) => host.succeed("touch /root/mark");
  const since = (host: RunningHost) =>
    host.succeed(
      "find / -xdev -newer /root/mark ! -type d ! -path '/var/log/*' ! -path '/var/lib/systemd/*' ! -path '/proc/*' 2>/dev/null; true",
    );

  test("a login without sudo is refused at once, saying what sudo said, and nothing is left on any host", async () => {
    await Promise.all(cluster().map(mark));
    stack.change({ ssh: ssh({ user: "nosudo" }) });
    for (const said of [await stack.preview(), await stack.up()]) {
      expect(said.code).not.toBe(0);
      for (const { name } of cluster()) {
        expect(said.stdout + said.stderr).toMatch(
          new RegExp(`${name}: expected sudo without a password for nosudo; found: sudo: .+`),
        );
      }
      expect(said.stdout + said.stderr).toContain("nosudo ALL=(root) NOPASSWD: ALL");
    }
    for (const host of cluster()) expect(await since(host)).toBe("");
  });

  test("a login with sudo that does not reach Docker's socket is refused, saying what to run", async () => {
    stack.change({ ssh: ssh({ user: "ops" }) });
    const said = await stack.up();
    expect(said.code).not.toBe(0);
    expect(said.stdout + said.stderr).toContain(
      "controlplane: the user ops cannot access Docker's socket (Docker is not installed yet): " +
        "log in as root on this host, or install docker.io and run 'usermod -aG docker ops' there",
    );
  });

  test("the whole job goes through sudo for a login of group docker, and its previews leave nothing behind", async () => {
    const [controlplane, node01] = [lab.host("controlplane"), lab.host("node01")];
    await controlplane.succeed("apt-get install -y -q docker.io && usermod -aG docker ops");
    const before = await node01.succeed(`sha256sum ${CONFIG_TOML}`);
    await Promise.all(cluster().map(mark));
    await stack.succeed(stack.preview());
    for (const host of cluster()) expect(await since(host)).toBe("");

    await stack.succeed(stack.up());
    const image = await pushImage(controlplane, `${controlplane.address}:5000`);
    await node01.pullImage(image);
    await Promise.all(cluster().map(mark));
    await stack.succeed(stack.preview("--expect-no-changes"));
    expect(await since(node01)).toBe("");

    await stack.succeed(stack.destroy());
    expect(await node01.succeed(`sha256sum ${CONFIG_TOML}`)).toBe(before);
  });

  /** OpenSSH itself reaches Docker on the registry host, as @pulumi/docker runs it. */
  function expectDockerOverSsh(): void {
    const access = accessOf(parseSettings(stack.current), surroundings(stack.folder)).get(
      "controlplane",
    );
    if (access === undefined) throw new Error("the registry host is a host of the settings");
    const target = `root@${lab.host("controlplane").address}`;
    const words = [...dockerSshOptions(access), target, "docker", "ps", "--format={{.Names}}"];
    const { stdout, stderr } = spawnSync("ssh", words, { encoding: "utf8" });
    expect({ stdout, stderr }).toEqual({ stdout: "registry\n", stderr: "" });
  }

  /** A rule of iptables: no SSH without a bastion. */
  const direct = () => `-s ${lab.definition.gateway} -p tcp --dport 22 -j REJECT`;

  describe("behind a bastion", () => {
    let known: string;

    beforeAll(async () => {
      known = join(stack.folder, "known_hosts");
      for (const host of cluster()) await host.succeed(`iptables -I INPUT ${direct()}`);
      stack.change({
        ssh: ssh({
          knownHostsPath: known,
          strictHostKeyChecking: "accept-new",
          bastion: { address: lab.host("bastion").address, user: "nosudo" },
        }),
      });
    });

    afterAll(async () => {
      for (const host of cluster()) await host.succeed(`iptables -D INPUT ${direct()}`);
    });

    test("everything goes through it, its key is learned like the hosts', and the next preview is empty", async () => {
      const [controlplane, node01] = [lab.host("controlplane"), lab.host("node01")];
      expect(existsSync(known)).toBe(false);
      await stack.succeed(stack.up());
      const keys = [...cluster(), lab.host("bastion")].map(
        ({ address, hostKey }) => `${address} ${hostKey}`,
      );
      expect(readFileSync(known, "utf8").trimEnd().split("\n").sort()).toEqual(keys.sort());
      await stack.succeed(stack.preview("--expect-no-changes"));
      const image = await pushImage(controlplane, `${controlplane.address}:5000`, "behind:1.0");
      await node01.pullImage(image);
    });

    test("OpenSSH itself, as @pulumi/docker runs it, goes the same way", () => {
      expectDockerOverSsh();
    });

    test("a bastion that shows another key than the known one is refused, and destroy goes through the right one", async () => {
      const { address } = lab.host("bastion");
      const right = readFileSync(known, "utf8");
      const wrong = join(stack.folder, "wrong");
      spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", wrong]);
      const settings = { ...stack.current };
      const key = readFileSync(`${wrong}.pub`, "utf8").trim();
      const bastion = { address, user: "nosudo", hostKey: key };
      stack.change({ ssh: ssh({ knownHostsPath: known, bastion }) });
      const said = await stack.preview();
      expect(said.code).not.toBe(0);
      expect(said.stdout + said.stderr).toContain("the host key is not the known one");
      expect(readFileSync(known, "utf8")).toBe(right);
      stack.configure(settings);
      await stack.succeed(stack.destroy());
      rmSync(wrong);
    });
  });

  describe("behind two bastions", () => {
    const inside = () => [...cluster(), lab.host("bastion")];
    let known: string;

    beforeAll(async () => {
      known = join(stack.folder, "known_of_two");
      for (const host of inside()) await host.succeed(`iptables -I INPUT ${direct()}`);
      stack.change({
        ssh: ssh({
          knownHostsPath: known,
          strictHostKeyChecking: "accept-new",
          bastion: ["outer", "bastion"].map((name) => ({
            address: lab.host(name).address,
            user: "nosudo",
          })),
        }),
      });
    });

    afterAll(async () => {
      for (const host of inside()) await host.succeed(`iptables -D INPUT ${direct()}`);
    });

    test("everything goes through both, in order, also Docker, and their keys are learned", async () => {
      const [controlplane, node01] = [lab.host("controlplane"), lab.host("node01")];
      await stack.succeed(stack.up());
      const keys = [...lab.hosts.values()].map(({ address, hostKey }) => `${address} ${hostKey}`);
      expect(readFileSync(known, "utf8").trimEnd().split("\n").sort()).toEqual(keys.sort());
      await stack.succeed(stack.preview("--expect-no-changes"));
      const image = await pushImage(controlplane, `${controlplane.address}:5000`, "behind:2.0");
      await node01.pullImage(image);
    });

    test("OpenSSH itself goes the same way", () => {
      expectDockerOverSsh();
    });

    test("destroy goes through both", async () => {
      await stack.succeed(stack.destroy());
      expect(await lab.host("node01").succeed("ls -A /var/lib/cluster-registry; true")).toBe("");
    });
  });
});
