import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { about, configManifest, daemonsOf, ENGINE, pushImage, recordsOf, TestStack } from "./stack";

describeLab("a fleet that changes", () => {
  let lab: RunningLab;
  let stack: TestStack;
  let registry: string;
  let image: string;
  const nodeOf = (name: string) => ({
    name,
    address: lab.host(name).address,
    role: name === "controlplane" ? "master" : "worker",
  });

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "fleet", octet: 61, hosts: ["controlplane", "node01", "node02"] }),
    );
    stack = TestStack.lesson(lab);
    stack.change({ nodes: [nodeOf("controlplane"), nodeOf("node01")] });
    registry = `${lab.host("controlplane").address}:5000`;
    await stack.succeed(stack.up());
    image = await pushImage(lab.host("controlplane"), registry);
  });

  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  /** Files, daemons and records of the hosts that no change in the list of nodes is about. */
  const others = async () => {
    const hosts = ["controlplane", "node01"].map((name) => lab.host(name));
    return Promise.all(
      hosts.flatMap((host) => [configManifest(host), daemonsOf(host), recordsOf(host)]),
    );
  };

  test("a node added to the configuration is the only host that is touched", async () => {
    const before = await others();
    await expect(lab.host("node02").pullImage(image)).rejects.toThrow(
      "server gave HTTP response to HTTPS client",
    );
    stack.change({ nodes: [nodeOf("controlplane"), nodeOf("node01"), nodeOf("node02")] });
    await stack.succeed(stack.up());
    expect(await others()).toEqual(before);
    await lab.host("node02").pullImage(image);
  });

  test("a host reinstalled under the same address is applied from scratch", async () => {
    await lab.host("node02").reinstall();
    const preview = await stack.succeed(stack.preview("--diff"));
    expect(preview.stdout + preview.stderr).toMatch(about("node02", "first apply"));
    const other = await daemonsOf(lab.host("node01"));
    await stack.succeed(stack.up());
    expect(await daemonsOf(lab.host("node01"))).toBe(other);
    await lab.host("node02").pullImage(image);
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("a node removed from the configuration is put back as it was, and no other host touched", async () => {
    const node02 = lab.host("node02");
    await node02.reinstall();
    const fresh = await configManifest(node02);
    await stack.succeed(stack.up());
    expect(await configManifest(node02)).not.toBe(fresh);
    const before = await others();
    stack.change({ nodes: [nodeOf("controlplane"), nodeOf("node01")] });
    await stack.succeed(stack.up());
    expect(await configManifest(node02)).toBe(fresh);
    expect(await others()).toEqual(before);
    expect(await node02.succeed("ls -A /var/lib/cluster-registry 2>/dev/null; true")).toBe("");
    await expect(node02.pullImage(image)).rejects.toThrow(
      "server gave HTTP response to HTTPS client",
    );
  });

  test("a registry host that is down fails the preview, and does not hide a node's drift", async () => {
    const node01 = lab.host("node01");
    await node01.succeed(`sed -i '/${registry}/d' /etc/containerd/config.toml`);
    await lab.host("controlplane").cutPower();
    // The CLI reads the container first, and its preview ends there, before the program looks at any host.
    const said = await stack.preview(...(ENGINE === "embedded" ? [] : ["--refresh=false"]));
    await lab.host("controlplane").start();
    expect(said.code).toBe(1);
    expect(said.stdout).toMatch(about("node01", "drift on the host"));
    expect(said.stdout).toMatch(/controlplane \(root@10\.88\.61\.11:22\)/);
    await stack.succeed(stack.up());
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("a registry host that was installed anew is set up again by one up", async () => {
    await lab.host("controlplane").reinstall();
    // The CLI reads the container first, and there is no Docker to read it from.
    await stack.succeed(stack.up(...(ENGINE === "embedded" ? [] : ["--refresh=false"])));
    image = await pushImage(lab.host("controlplane"), registry);
    await lab.host("node01").removeImage(image);
    await lab.host("node01").pullImage(image);
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("a lost state is made anew from what the hosts have, without a restart", async () => {
    const hosts = ["controlplane", "node01"].map((name) => lab.host(name));
    const files = () =>
      Promise.all(hosts.flatMap((host) => [configManifest(host), daemonsOf(host)]));
    const before = await files();
    const anew = new TestStack(lab, stack.current, "test");
    try {
      await anew.succeed(anew.up());
      expect(await files()).toEqual(before);
      await lab.host("node01").removeImage(image);
      await lab.host("node01").pullImage(image);
      await anew.succeed(anew.destroy());
      expect(await lab.host("node01").succeed("cat /etc/containerd/config.toml")).not.toContain(
        registry,
      );
    } finally {
      anew.remove();
    }
  });
});
