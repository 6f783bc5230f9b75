import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { configManifest, daemonsOf, recordsOf, TestStack } from "./stack";

/** A rollout with a failure, and hosts that a run leaves out. Both masters are nodes, one of them has the registry. */
describeLab("a fleet that is changed step by step", () => {
  const names = ["cp1", "cp2", "node01", "node02", "node03"];
  let lab: RunningLab;
  let stack: TestStack;
  const host = (name: string) => lab.host(name);

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "rollout", octet: 176, hosts: names }));
    stack = TestStack.lesson(lab);
    stack.change({
      nodes: names.map((name) => ({
        name,
        address: host(name).address,
        role: name.startsWith("cp") ? "master" : "worker",
      })),
    });
  });

  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  /** When containerd started, in microseconds of the one clock that all hosts of a lab have. */
  const started = async (name: string) => {
    const property = "ActiveEnterTimestampMonotonic";
    return Number(await host(name).succeed(`systemctl show containerd -P ${property}`));
  };
  /** The nodes that have an apply in the state. */
  const applied = () =>
    [...stack.state().matchAll(/"urn": ?"[^"]*::cluster-([a-z0-9]+)-containerd-apply"/g)]
      .map(([, name]) => name)
      .sort();
  const mirror = (n: number) => ({ mirrors: { "docker.io": [`https://mirror${n}.example`] } });

  test("a node that is off stops the run before anything is touched", async () => {
    await host("node03").cutPower();
    const before = await configManifest(host("node01"));
    const said = await stack.up();
    expect(said.code).toBe(1);
    expect(said.stdout).toContain("No host was changed");
    expect(await configManifest(host("node01"))).toBe(before);
  });

  test("with onUnreachable: skip, the others are set up, and the exit code says partly", async () => {
    stack.change({ onUnreachable: "skip" });
    const preview = await stack.preview();
    expect(preview.code).toBe(10);
    const rows = preview.stderr.split("\n").map((line) => line.split(/ {2,}/));
    expect(rows.find(([name]) => name === "HOST")).toContain("STATE");
    expect(rows.find(([name]) => name === "node01")).toContain("missing");
    expect(rows.find(([name]) => name === "node03")).toContain("unreachable");
    const said = await stack.up();
    expect(said.code).toBe(10);
    // It says "no route" once the kernel has forgotten where the host was, which can take longer than the wait.
    expect(said.stdout).toMatch(
      /warning: node03 is skipped \(onUnreachable: skip\): node03 \(root@10\.88\.176\.15:22\): (no route to the host|no answer within 15 s)/,
    );
    expect(said.stdout).toContain("It has no configuration of this stack yet");
    expect(said.stderr).toMatch(
      /error: partly done: this node was skipped, and the next up covers it:\n {2}node03: node03 \(root@10\.88\.176\.15:22\): no (route|answer)/,
    );
    expect(applied()).toEqual(["cp1", "cp2", "node01", "node02"]);
  });

  test("several masters are never changed at the same time", async () => {
    const [one, two] = await Promise.all([started("cp1"), started("cp2")]);
    expect(one).not.toBe(two);
    const said = await stack.preview("--expect-no-changes");
    expect(said.code).toBe(10);
  });

  test("once it is up, the next up covers it and touches no other node", async () => {
    await host("node03").start();
    const before = await Promise.all(["cp1", "cp2", "node01"].map((n) => daemonsOf(host(n))));
    await stack.succeed(stack.up());
    expect(await Promise.all(["cp1", "cp2", "node01"].map((n) => daemonsOf(host(n))))).toEqual(
      before,
    );
    expect(applied()).toEqual(names);
  });

  test("a node that was applied and is off keeps its place in the state", async () => {
    await host("node02").cutPower();
    const state = (name: string) => {
      const { resources } = (
        JSON.parse(stack.state()) as {
          checkpoint: { latest: { resources: { urn: string; inputs: unknown }[] } };
        }
      ).checkpoint.latest;
      return resources
        .filter(({ urn }) => urn.includes(`::cluster-${name}-containerd-`))
        .map(({ inputs }) => inputs);
    };
    const before = state("node02");
    expect(before).toHaveLength(2);
    stack.change(mirror(1));
    const said = await stack.up();
    expect(said.code).toBe(10);
    expect(said.stdout).toContain(
      "It keeps its configuration, and its resources stay as they are. The next up covers it.",
    );
    expect(state("node02")).toEqual(before);
    expect(await host("node01").succeed("cat /etc/containerd/config.toml")).toContain("mirror1");
  });

  test("--target and --exclude read only the hosts that they choose", async () => {
    stack.change({ onUnreachable: "fail", ...mirror(2) });
    const target = await stack.succeed(stack.up("--target", "**node01**"));
    expect(target.stdout).not.toMatch(/node0[23]:/);
    const has = (name: string) => host(name).succeed("cat /etc/containerd/config.toml");
    expect(await has("node01")).toContain("mirror2");
    expect(await has("node03")).not.toContain("mirror2");
    await stack.succeed(stack.up("--exclude", "**node02**"));
    expect(await has("node03")).toContain("mirror2");
    expect(applied()).toEqual(names);
    await host("node02").start();
    expect(await has("node02")).not.toContain("mirror2");
  });

  test("a canary that fails stops the rollout, and the next up goes on from there", async () => {
    stack.change({ rollout: { canary: 1, batch: 2, pause: "1s" }, ...mirror(3) });
    const preview = await stack.succeed(stack.preview());
    expect(preview.stdout).toContain(
      "containerd changes in 3 batches, 1s after each: the canary node01; then cp1, node02; then cp2, node03",
    );
    const others = ["cp1", "cp2", "node02", "node03"];
    const now = () =>
      Promise.all(others.flatMap((n) => [configManifest(host(n)), daemonsOf(host(n))]));
    const before = await now();
    // The daemon does not start with the new file, and the host puts the old one back.
    await host("node01").succeed(
      "mkdir -p /etc/systemd/system/containerd.service.d && " +
        "printf '[Service]\\nExecStartPre=/bin/sh -c \"! grep -q mirror3 /etc/containerd/config.toml\"\\n' " +
        "> /etc/systemd/system/containerd.service.d/refuse.conf && systemctl daemon-reload",
    );
    const said = await stack.up();
    expect(said.code).toBe(1);
    expect(await now()).toEqual(before);
    expect(await host("node01").succeed("cat /etc/containerd/config.toml")).toContain("mirror2");
    await host("node01").succeed(
      "rm -r /etc/systemd/system/containerd.service.d && systemctl daemon-reload",
    );
    const again = await stack.succeed(stack.up());
    expect(again.stdout.match(/(batch \d of \d:|pausing) .*/g)).toEqual([
      "batch 1 of 3: node01",
      "pausing 1s before batch 2 of 3",
      "batch 2 of 3: cp1, node02",
      "pausing 1s before batch 3 of 3",
      "batch 3 of 3: cp2, node03",
    ]);
    const times = await Promise.all(names.map(async (n) => [n, await started(n)] as const));
    const order = [...times].sort(([, a], [, b]) => a - b).map(([n]) => n);
    expect(order[0]).toBe("node01");
    expect(order.slice(1, 3).sort()).toEqual(["cp1", "node02"]);
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("with --continue-on-error, too, a failed batch stops the rest", async () => {
    stack.change(mirror(4));
    await host("node01").succeed(
      "mkdir -p /etc/systemd/system/containerd.service.d && " +
        "printf '[Service]\\nExecStartPre=/bin/sh -c \"! grep -q mirror4 /etc/containerd/config.toml\"\\n' " +
        "> /etc/systemd/system/containerd.service.d/refuse.conf && systemctl daemon-reload",
    );
    const said = await stack.up("--continue-on-error");
    expect(said.code).toBe(1);
    expect(said.stdout).toContain(
      "the rollout stopped after node01; not changed: cp1, node02, cp2, node03.",
    );
    expect(await host("node02").succeed("cat /etc/containerd/config.toml")).toContain("mirror3");
    await host("node01").succeed(
      "rm -r /etc/systemd/system/containerd.service.d && systemctl daemon-reload",
    );
    await stack.succeed(stack.up());
  });

  test("with onProblem: skip, a node with a file that cannot be read is left out, untouched", async () => {
    await host("node03").succeed("echo 'this is = = no TOML' >> /etc/containerd/config.toml");
    const before = await Promise.all([configManifest(host("node03")), recordsOf(host("node03"))]);
    stack.change({ onProblem: "skip", ...mirror(5) });
    const said = await stack.up();
    expect(said.code).toBe(10);
    expect(said.stdout).toContain("warning: node03 is skipped (onProblem: skip): ");
    expect(await Promise.all([configManifest(host("node03")), recordsOf(host("node03"))])).toEqual(
      before,
    );
    expect(await host("node02").succeed("cat /etc/containerd/config.toml")).toContain("mirror5");
    await host("node03").succeed("sed -i '/no TOML/d' /etc/containerd/config.toml");
    await stack.succeed(stack.up());
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("with onProblem: skip, a node whose host key is not known is left out, and the report has it", async () => {
    const { nodes } = stack.current;
    const strange = { name: "node09", address: "10.88.176.250", role: "worker" };
    stack.change({ nodes: [...(nodes as unknown[]), strange], ...mirror(6) });
    const said = await stack.up();
    expect(said.code).toBe(10);
    expect(said.stdout).toContain(
      "warning: node09 is skipped (onProblem: skip): ssh: expected the host key of 10.88.176.250 in ",
    );
    expect(await host("node02").succeed("cat /etc/containerd/config.toml")).toContain("mirror6");
    const report = await stack.run("report");
    expect(report.code).toBe(1);
    expect(report.stdout).toMatch(/^node09 .*unreachable/m);
    expect(report.stdout).toMatch(/^node02 .*in sync/m);
    const doctor = await stack.run("doctor", "node02");
    expect(doctor).toMatchObject({ code: 0 });
    expect((await stack.run("doctor")).stdout).toContain(
      "node09: it is not known how to log in to node09\n",
    );
    stack.change({ nodes, onProblem: "fail" });
    await stack.succeed(stack.up());
  });
});
