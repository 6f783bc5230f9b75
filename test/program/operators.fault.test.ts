import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { atMark, FREEZE, noFault } from "../helper/faults";
import { criIsWell, leftovers } from "../helper/patched-host";
import { describeLab } from "../lab-only";
import { configManifest, ENGINE, type Said, TestStack } from "./stack";

const CONFIG_TOML = "/etc/containerd/config.toml";
const DAEMON_JSON = "/etc/docker/daemon.json";

describeLab("operators, and the network between them and the hosts", () => {
  let lab: RunningLab;
  let controlplane: RunningHost;
  let node01: RunningHost;
  let node02: RunningHost;
  let registry: string;
  const stacks: TestStack[] = [];
  const before = new Map<string, string>();
  const hosts = () => [...lab.hosts.values()];
  const text = ({ stdout, stderr }: Said) => `${stdout}\n${stderr}`;

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "operators", octet: 93, hosts: ["controlplane", "node01", "node02"] }),
    );
    [controlplane, node01, node02] = ["controlplane", "node01", "node02"].map((name) =>
      lab.host(name),
    ) as [RunningHost, RunningHost, RunningHost];
    registry = `${controlplane.address}:5000`;
    for (const host of [controlplane, node02])
      await host.succeed("DEBIAN_FRONTEND=noninteractive apt-get install -y -q docker.io");
    for (const host of hosts()) before.set(host.name, await configManifest(host));
  });

  afterEach(async () => {
    for (const host of hosts()) {
      await host.exec(
        "iptables -F INPUT; iptables -F OUTPUT; touch /run/thawed; systemctl start ssh",
      );
      await noFault(host);
    }
    for (const stack of stacks.splice(0)) {
      await stack.run("cancel");
      await stack.destroy();
      stack.remove();
    }
  });

  afterAll(() => lab?.down());

  function stackOf(changes: Record<string, unknown> = {}, name?: string): TestStack {
    const stack = TestStack.lesson(lab, changes, name);
    stacks.push(stack);
    return stack;
  }

  async function areAsBefore(): Promise<void> {
    for (const host of hosts()) {
      expect(await configManifest(host)).toBe(before.get(host.name));
      expect(await leftovers(host)).toBe("");
      await criIsWell(host);
    }
    for (const host of [controlplane, node02]) expect(await host.succeed("docker ps -aq")).toBe("");
  }

  test("two operators at once, each with a state of their own: one has the registry, every entry is there once; the other one completes when the first is gone", async () => {
    const stacks = [stackOf(), stackOf()];
    const said = await Promise.all(stacks.map((stack) => stack.up()));
    // The last one: the other operator's claim came between the create and the start of this one's container.
    for (const each of said.filter(({ code }) => code !== 0)) {
      expect(text(each)).toMatch(
        /these files were changed by someone else|expected the records of this host as they were|The container name "\/registry" is already in use|another operator manages the same stack|cannot start container registry: .*(No such container|marked for removal)/,
      );
    }
    expect(await controlplane.succeed("docker ps -a --format '{{.Names}}'")).toBe("registry\n");

    // Who made the container last has it: there the next up has nothing left to do but nodes, if anything.
    const ups = [];
    for (const stack of stacks) ups.push(await stack.up());
    const has = stacks[ups.findIndex(({ code }) => code === 0)];
    const hasNot = stacks.find((stack) => stack !== has);
    if (has === undefined || hasNot === undefined) throw new Error(ups.map(text).join("\n"));
    expect(ups.filter(({ code }) => code !== 0).map(text)).toEqual([
      expect.stringContaining(
        "belongs to this stack but was created from another state: another operator manages the same stack with a separate state.",
      ),
    ]);
    await has.succeed(has.preview("--expect-no-changes"));
    expect(await controlplane.succeed(`grep -cF '"${registry}"' ${DAEMON_JSON}`)).toBe("1\n");
    const entry = `endpoint = ["http://${registry}"]`;
    for (const host of hosts()) {
      expect(await host.succeed(`grep -cF '${entry}' ${CONFIG_TOML}`)).toBe("1\n");
      await criIsWell(host);
    }
    await has.succeed(has.destroy());
    await areAsBefore();
    await hasNot.succeed(hasNot.up());
    await hasNot.succeed(hasNot.preview("--expect-no-changes"));
    await hasNot.succeed(hasNot.destroy());
    await areAsBefore();
  });

  test("two stacks on one node at once, up and destroy: each has its entry, and none of the other's is lost", async () => {
    const nodes = [{ name: node01.name, address: node01.address, role: "worker" }];
    const [one, two] = [controlplane, node02].map((host, index) =>
      stackOf({ registry: { host: host.name, address: host.address }, nodes }, `stack${index}`),
    ) as [TestStack, TestStack];
    const toldToRunAgain = (all: Said[]) => {
      for (const each of all.filter(({ code }) => code !== 0)) {
        expect(text(each)).toMatch(
          /these files were changed by someone else|found another apply or destroy since: .*: run again/,
        );
      }
    };
    toldToRunAgain(await Promise.all([one.up(), two.up()]));
    for (const stack of [one, two]) await stack.succeed(stack.up());
    for (const stack of [one, two]) await stack.succeed(stack.preview("--expect-no-changes"));
    for (const host of [controlplane, node02]) {
      const entry = `endpoint = ["http://${host.address}:5000"]`;
      expect(await node01.succeed(`grep -cF '${entry}' ${CONFIG_TOML}`)).toBe("1\n");
    }
    await criIsWell(node01);
    toldToRunAgain(await Promise.all([one.destroy(), two.destroy()]));
    for (const stack of [one, two]) await stack.succeed(stack.destroy());
    await areAsBefore();
  });

  test("two operators at once with one state: the second is told by whom it is locked, and then finds all done", async () => {
    const stack = stackOf();
    await atMark(node01, "checking", FREEZE);
    const first = await stack.start("up", "--yes", "--skip-preview");
    await Promise.race([
      node01.waitUntilSucceeds("test -e /run/frozen", { timeoutSeconds: 240 }),
      first.ended,
    ]);
    const second = await stack.up();
    expect(second.code).not.toBe(0);
    expect(text(second)).toContain("the stack is currently locked by 1 lock(s).");
    if (ENGINE === "embedded") {
      expect(second.stderr).toContain(`(pid ${first.pid})`);
      expect(second.stderr).not.toContain("no longer exists");
    }
    await node01.succeed("touch /run/thawed");
    await stack.succeed(first.ended);
    await stack.succeed(stack.up("--expect-no-changes"));
    await stack.succeed(stack.destroy());
    await areAsBefore();
  });

  test("packets that are dropped in the middle of a change: told of each host within a minute, the change runs to its end, and the next up finds it", async () => {
    const stack = stackOf();
    const cut = [
      [node01, "replacing"],
      [node02, "checking"],
    ] as const;
    for (const [host, mark] of cut) await atMark(host, mark, FREEZE);
    const up = await stack.start("up", "--yes", "--skip-preview");
    for (const [host] of cut) {
      await Promise.race([
        host.waitUntilSucceeds("test -e /run/frozen", { timeoutSeconds: 240 }),
        up.ended,
      ]);
      const { gateway } = lab.definition;
      await host.succeed(
        `iptables -I INPUT -s ${gateway} -j DROP && iptables -I OUTPUT -d ${gateway} -j DROP`,
      );
    }
    const said = await up.ended;
    expect(said.code).not.toBe(0);
    for (const [host] of cut) {
      expect(text(said)).toContain(
        `${host.name} (root@${host.address}:22): the connection was lost (Keepalive timeout)`,
      );
      // What was under way there knows nothing of it.
      await host.succeed("touch /run/thawed");
      await host.waitUntilSucceeds("test ! -d /var/lib/cluster-registry/records/*/next");
      await host.succeed(`grep -qF 'endpoint = ["http://${registry}"]' ${CONFIG_TOML}`);
      await criIsWell(host);
    }
    const started = await Promise.all(cut.map(([host]) => invocation(host)));
    for (const [host] of cut) await host.succeed("iptables -F INPUT; iptables -F OUTPUT");
    await stack.succeed(stack.up());
    expect(await Promise.all(cut.map(([host]) => invocation(host)))).toEqual(started);
    await stack.succeed(stack.preview("--expect-no-changes"));
    await stack.succeed(stack.destroy());
    await areAsBefore();
  });

  const invocation = (host: RunningHost) =>
    host.succeed("systemctl show -p InvocationID --value containerd");

  test("a host that is slow to boot is waited for, saying for whom and how long; given up, it says after how long", async () => {
    const stack = stackOf();
    const waiting = (seconds: string) => {
      stack.change({ ssh: { ...(stack.current["ssh"] as object), wait: seconds } });
    };
    await node01.succeed("systemctl stop ssh");
    waiting("2s");
    const given = await stack.up();
    expect(given.code).not.toBe(0);
    expect(text(given)).toMatch(
      /node01 \(root@10\.88\.93\.12:22\): connection refused; no SSH server listens there \(yet\); gave up after \d+ attempts in \d+ s/,
    );
    for (const host of hosts()) expect(await configManifest(host)).toBe(before.get(host.name));

    waiting("5m");
    const agent = await Agent.listen(join(stack.folder, "agent"));
    try {
      const up = await stack.start("up", "--yes", "--skip-preview");
      await up.says("waiting for ssh node01 (");
      await node01.succeed("systemctl start ssh");
      const said = await stack.succeed(up.ended);
      expect(text(said)).toMatch(
        /waiting for ssh node01 \(\d+ s\): connection refused; no SSH server listens there \(yet\)\n/,
      );
      expect(text(said)).not.toContain("waiting for ssh node02");
      // An agent that the settings do not name is never asked, alive or dead.
      expect(agent.asked).toBe(0);
      await agent.die();
      await stack.succeed(stack.destroy());
    } finally {
      await agent.forget();
    }
    await areAsBefore();
  });
});

/** An agent at SSH_AUTH_SOCK that counts who asks it. */
class Agent {
  private static readonly was = process.env["SSH_AUTH_SOCK"];
  asked = 0;

  private constructor(private readonly server: Server) {
    server.on("connection", (connection) => {
      this.asked++;
      connection.destroy();
    });
  }

  static async listen(path: string): Promise<Agent> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    process.env["SSH_AUTH_SOCK"] = path;
    return new Agent(server);
  }

  /** Nobody answers any more, and the environment still names it. */
  async die(): Promise<void> {
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }

  async forget(): Promise<void> {
    await this.die();
    if (Agent.was === undefined) delete process.env["SSH_AUTH_SOCK"];
    else process.env["SSH_AUTH_SOCK"] = Agent.was;
  }
}
