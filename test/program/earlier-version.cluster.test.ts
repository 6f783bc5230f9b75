import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parsePayload } from "../../helper/payload";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import {
  CONFIG,
  criIsWell,
  DAEMON_JSON,
  HOME,
  installDocker,
  invocation,
  leftovers,
  manifest,
  PatchedHost,
  succeeded,
  undoAll,
} from "../helper/patched-host";
import { describeLab } from "../lab-only";
import { about, TestStack } from "./stack";

const FIXTURES = join(__dirname, "../fixtures/records-1");

jest.setTimeout(400_000);

describeLab("hosts that the version before has set up", () => {
  let lab: RunningLab;
  let node: RunningHost;

  beforeAll(async () => {
    // The address that the fixtures' files and records have.
    lab = await startLab(defineLab({ name: "earlier", octet: 40, hosts: ["n1"] }));
    node = lab.host("n1");
    await installDocker(node);
  });
  afterAll(() => lab?.down());

  afterEach(async () => {
    await undoAll(node);
    await node.exec(`rm -rf ${HOME}`);
  });

  const etc = () => manifest(node, "etc/docker etc/containerd");
  const starts = async () => [
    await invocation(node, "containerd"),
    await invocation(node, "docker"),
  ];

  /** The daemons with the files of a case as they were before us; then its files and records. @returns how it was before */
  async function setUp(name: string, rename: (id: string) => string = (id) => id): Promise<string> {
    await node.succeed("rm -rf /etc/containerd/certs.d /etc/containerd/conf.d");
    cpSync(join(FIXTURES, name, "before/etc"), `${node.root}/etc`, { recursive: true });
    await node.succeed("chown -R 0:0 /etc/docker /etc/containerd");
    const before = await etc();
    cpSync(join(FIXTURES, name, "after/etc"), `${node.root}/etc`, { recursive: true });
    const home = join(FIXTURES, name, "after", HOME);
    await node.succeed(`mkdir -p -m 0700 ${HOME}/records && touch ${HOME}/installed-by-guard`);
    for (const id of readdirSync(join(home, "records"))) {
      const record = join(node.root, HOME, "records", rename(id));
      cpSync(join(home, "records", id), record, { recursive: true });
    }
    await node.succeed(
      // More starts than systemd allows in a row.
      `chown -R 0:0 /etc/docker /etc/containerd ${HOME}; systemctl reset-failed containerd docker; systemctl restart containerd docker`,
    );
    await criIsWell(node);
    await node.waitUntilSucceeds("curl -sf --unix-socket /run/docker.sock http://d/info");
    return before;
  }

  test("one up of the program converts the records of both daemons without a restart, and destroy gives the first bytes back", async () => {
    await setUp("docker", () => "cluster-registry.test.daemon-json");
    await setUp("mirrors", () => "cluster-registry.test.containerd-n1");
    const stack = TestStack.lesson(lab);
    try {
      const [ours, started] = [await etc(), await starts()];
      const { stdout, stderr } = await stack.succeed(stack.preview("--diff"));
      expect(stdout + stderr).toMatch(about("n1", "record of an earlier version"));
      await stack.succeed(stack.up());
      expect(await etc()).toBe(ours);
      expect(await starts()).toEqual(started);
      expect(await node.succeed(`ls -d ${HOME}/records/*/undo 2>/dev/null; true`)).toBe("");
      await stack.succeed(stack.preview("--expect-no-changes"));
      await stack.succeed(stack.destroy());
      for (const [name, path] of [
        ["docker", DAEMON_JSON],
        ["mirrors", CONFIG],
      ] as const)
        expect(await node.succeed(`cat ${path}`)).toBe(
          readFileSync(join(FIXTURES, name, "before", path), "latin1"),
        );
      expect(await leftovers(node)).toBe("");
      await criIsWell(node);
    } finally {
      stack.remove();
    }
  });

  test.each([
    ["mirrors-two", ["one", "two"]],
    ["mirrors-shared", ["two", "one"]],
    ["hosts-two", ["two", "one"]],
    ["hosts-shared", ["one", "two"]],
    ["docker-two", ["one", "two"]],
  ] as const)(
    "%s: the ups of two stacks restart nothing, and the last destroy gives the first bytes back",
    async (name, order) => {
      const before = await setUp(name);
      const [ours, started] = [await etc(), await starts()];
      const stacks = order.map((stack) => {
        const [id = ""] = readdirSync(join(FIXTURES, name, "after", HOME, "records")).filter(
          (one) => one.includes(`.${stack}.`),
        );
        const payload = readFileSync(
          join(FIXTURES, name, "after", HOME, "records", id, "payload"),
          "utf8",
        );
        const { daemon, spec } = parsePayload(payload);
        if (daemon === "page" || daemon === "timer")
          throw new Error("an earlier version had neither page nor timer");
        const { registry, mirrors, insecureRegistries } = JSON.parse(spec) as {
          registry?: string;
          mirrors?: Record<string, string[]>;
          insecureRegistries?: string[];
        };
        return new PatchedHost(lab, node, {
          daemon,
          registry: registry ?? insecureRegistries?.[0] ?? "",
          stack,
          ...(mirrors && { mirrors }),
        });
      });
      for (const stack of stacks) succeeded(await stack.up());
      expect(await etc()).toBe(ours);
      expect(await starts()).toEqual(started);
      for (const stack of stacks) expect((await stack.decide()).inSync).toBe(true);
      for (const stack of stacks) succeeded(await stack.undo());
      expect(await etc()).toBe(before);
      expect(await leftovers(node)).toBe("");
      for (const stack of stacks) stack.close();
    },
  );
});
