import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineLab, type RunningLab, startLab } from "../../lab";
import type { Row } from "../../report/row";
import { describeLab } from "../lab-only";
import { configManifest, daemonsOf, recordsOf, type Said, TestStack } from "../program/stack";

const CONFIG = "/etc/containerd/config.toml";

describeLab("npm run check and npm run report", () => {
  let lab: RunningLab;
  let stack: TestStack;
  let image: string;
  const check = (): Promise<Said> => stack.run("check");
  /** The rows of a report without the system and the times, which it must have. */
  const report = async (code: number) => {
    const said = await stack.run("report", "--json");
    expect({ code: said.code, stderr: said.stderr }).toEqual({ code, stderr: "" });
    const { rows, states } = JSON.parse(said.stdout) as { rows: Row[]; states: object };
    return {
      states,
      rows: rows.map(({ os, appliedAt, version, diff, ...row }) => {
        if (row.state === "in sync") {
          expect(os).toMatch(/^Debian GNU\/Linux /);
          expect(Date.now() - Date.parse(appliedAt!)).toBeGreaterThan(0);
        }
        return { ...row, version: version !== undefined, diff };
      }),
    };
  };
  const facts = () =>
    Promise.all(
      [...lab.hosts.values()].flatMap((host) => [
        configManifest(host),
        daemonsOf(host),
        recordsOf(host),
      ]),
    );

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "check", octet: 121, hosts: ["controlplane", "node01", "node02"] }),
    );
    stack = TestStack.lesson(lab);
    image = `${lab.host("controlplane").address}:5000/cluster-registry/probe:1`;
    await stack.succeed(stack.up());
  });
  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  test("every node pulls the probe image, and no host changes", async () => {
    const before = await facts();
    const said = await check();
    expect(said).toEqual({
      code: 0,
      stderr: "",
      stdout: [
        `controlplane  pulled ${image}`,
        "              configuration: in sync",
        `node01        pulled ${image}`,
        "              configuration: in sync",
        `node02        pulled ${image}`,
        "              configuration: in sync",
        "3 of 3 nodes pull from the registry",
        "",
      ].join("\n"),
    });
    expect(await facts()).toEqual(before);
    const log = await lab.host("controlplane").succeed("docker logs registry 2>&1");
    for (const host of lab.hosts.values()) {
      expect(log).toMatch(
        new RegExp(`^${host.address} .*"GET /v2/cluster-registry/probe/blobs/`, "m"),
      );
      expect(await host.imagePresent(image)).toBe(false);
    }
  });

  test("a report has a row for each node and for the registry, and changes no host", async () => {
    const before = await facts();
    const inSync = { state: "in sync", details: [], diff: undefined };
    const config = { what: "containerd", way: "mirrors", files: [CONFIG], version: true };
    const registry = { host: "controlplane", role: "registry", ...inSync };
    expect(await report(0)).toEqual({
      states: { "in sync": 5 },
      rows: [
        { host: "controlplane", role: "master", ...config, ...inSync },
        { host: "node01", role: "worker", ...config, ...inSync },
        { host: "node02", role: "worker", ...config, ...inSync },
        { ...registry, what: "docker", files: ["/etc/docker/daemon.json"], version: true },
        { ...registry, what: "container registry", files: [], version: false },
      ],
    });
    const said = await stack.run("report");
    expect(said.stdout).toMatch(
      /^node01 +worker +Debian \S+ \d+ \(\w+\) +containerd \d\S+ +mirrors +in sync +\S+ \S+Z +\/etc\/containerd\/config.toml$/m,
    );
    expect(said.stdout).toMatch(/\n\n5 of 5 in sync\n$/);
    expect(await facts()).toEqual(before);
  });

  test("a second check pulls again", async () => {
    const pulls = async () =>
      (await lab.host("controlplane").succeed("docker logs registry 2>&1"))
        .split("\n")
        .filter((line) => line.startsWith(`${lab.host("node01").address} `)).length;
    const before = await pulls();
    expect((await check()).code).toBe(0);
    expect(await pulls()).toBeGreaterThan(before);
  });

  test("a login that needs sudo gets the same result as root", async () => {
    const ssh = stack.current["ssh"] as object;
    stack.change({ ssh: { ...ssh, user: "ops" } });
    try {
      const said = await check();
      expect(said.stderr).toBe("");
      expect(said.stdout).toContain("3 of 3 nodes pull from the registry\n");
      expect((await report(0)).states).toEqual({ "in sync": 5 });
    } finally {
      stack.change({ ssh });
    }
  });

  test("a node without a route to the registry cannot pull, although its configuration is in sync", async () => {
    const node = lab.host("node02");
    const registry = lab.host("controlplane").address;
    await node.succeed(`ip route add unreachable ${registry}/32`);
    try {
      const said = await check();
      expect(said.code).toBe(1);
      expect(said.stdout).toContain(`node01        pulled ${image}\n`);
      expect(said.stdout).toMatch(/^node02 {8}cannot pull: .*no route to host/m);
      expect(said.stdout).toContain("2 of 3 nodes pull from the registry; cannot pull: node02\n");
    } finally {
      await node.succeed(`ip route del unreachable ${registry}/32`);
    }
  });

  test("a node without the entry is named, with its drift and containerd's message", async () => {
    const node = lab.host("node01");
    await node.succeed(
      `cp -a ${CONFIG} /root/kept && sed -i '/:5000/d' ${CONFIG} && systemctl restart containerd`,
    );
    try {
      const said = await check();
      expect(said.code).toBe(1);
      expect(said.stdout).toMatch(
        /^node01 {8}cannot pull: .*server gave HTTP response to HTTPS client/m,
      );
      expect(said.stdout).toContain("configuration: drift on the host\n");
      expect(said.stdout).toContain("; cannot pull: node01; not in sync: node01\n");
      const { rows, states } = await report(1);
      expect(states).toEqual({ drifted: 1, "in sync": 4 });
      expect(rows[1]).toMatchObject({ state: "drifted", details: ["drift on the host"] });
      expect(rows[1]!.diff).toContain(
        `\n+          endpoint = ["http://${lab.host("controlplane").address}:5000"]\n`,
      );
    } finally {
      await node.succeed(`cp -a /root/kept ${CONFIG} && systemctl restart containerd`);
    }
  });

  test("a report has the registry as drifted once the settings let nobody delete", async () => {
    const { registry } = stack.current;
    stack.change({ registry: { ...(registry as object), deleteEnabled: false } });
    try {
      const { rows, states } = await report(1);
      expect(states).toEqual({ drifted: 1, "in sync": 4 });
      expect(rows.at(-1)).toMatchObject({
        what: "container registry",
        details: ["expected deleteEnabled false, found true"],
      });
    } finally {
      stack.change({ registry });
    }
  });

  test("a node that does not answer is named, and the others are checked", async () => {
    const node = lab.host("node02");
    await node.cutPower();
    try {
      const said = await check();
      expect(said.code).toBe(1);
      expect(said.stdout).toMatch(/^node02 {8}cannot pull: .*22/m);
      expect(said.stdout).toContain("configuration: unknown\n");
      expect(said.stdout).toContain("2 of 3 nodes pull from the registry");
      const { rows, states } = await report(1);
      expect(states).toEqual({ unreachable: 1, "in sync": 4 });
      expect(rows[2]).toMatchObject({ host: "node02", state: "unreachable", version: false });
      expect(rows[2]!.details[0]).toContain("22");
    } finally {
      await node.start();
    }
  });

  test("if the registry does not answer, the error has its address, and no node is checked", async () => {
    await lab.host("controlplane").succeed("docker stop registry");
    try {
      const file = join(stack.folder, "report.html");
      const page = await stack.run("report", "--html", "report.html");
      // The node of the test before may still be starting.
      expect(page).toMatchObject({ code: 1, stderr: "" });
      expect(page.stdout).toMatch(
        /: [34] of 5 in sync; not running: .*controlplane container registry$/m,
      );
      expect(page.stdout.startsWith(`${file}: `)).toBe(true);
      expect(readFileSync(file, "utf8")).toMatch(/<pre>exited with code \d+<\/pre>/);
      const said = await check();
      expect(said.code).toBe(1);
      expect(said.stdout).toBe("");
      expect(said.stderr).toMatch(
        /^error: cannot push the probe image to the registry at \S+:5000: /m,
      );
    } finally {
      await lab.host("controlplane").succeed("docker start registry");
    }
  });
});
