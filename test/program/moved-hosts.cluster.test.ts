import { readFileSync, writeFileSync } from "node:fs";
import { defineLab, nginxImage, type RunningHost, type RunningLab, startLab } from "../../lab";
import { cacheFolder } from "../../lab/paths";
import { HOME, undoAll } from "../helper/patched-host";
import { describeLab } from "../lab-only";
import { about, configManifest, daemonsOf, pushImage, type Said, TestStack } from "./stack";

const CONFIG = "/etc/containerd/config.toml";
const MOVING = ["node01", "node02"];

describeLab("hosts that change places", () => {
  let lab: RunningLab;
  let stack: TestStack;
  let before: string[];

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "moved", octet: 64, hosts: ["controlplane", ...MOVING] }),
    );
    await lab.offer("library/nginx", ["latest"], await nginxImage(cacheFolder(), console.error));
    // Two hosts whose files are different, so that neither can pass for the other.
    for (const name of MOVING)
      await lab
        .host(name)
        .succeed(`echo '# of ${name}' >>${CONFIG} && systemctl restart containerd`);
    await lab.host("controlplane").succeed("mkdir -p /etc/docker");
    before = await files();
  });

  beforeEach(() => {
    stack = TestStack.lesson(lab);
  });

  afterEach(async () => {
    // Whatever a test left: as they were.
    for (const host of hosts()) await undoAll(host);
    stack.remove();
  });

  afterAll(() => lab?.down());

  const hosts = (names = MOVING): RunningHost[] => names.map((name) => lab.host(name));
  const files = () => Promise.all(hosts().map(configManifest));
  const daemons = () => Promise.all(hosts().map(daemonsOf));
  const records = () =>
    Promise.all(hosts().map((host) => host.succeed(`ls -A ${HOME}/records 2>/dev/null; true`)));
  const text = ({ stdout, stderr }: Said) => stdout + stderr;

  /** Gives the nodes these addresses, in order. */
  function addresses(...of: string[]): void {
    const nodes = stack.current["nodes"] as { name: string }[];
    const [controlplane, ...rest] = nodes;
    stack.change({
      nodes: [controlplane, ...rest.map((node, at) => ({ ...node, address: of[at] }))],
    });
  }

  async function expectAsBefore(): Promise<void> {
    expect(await files()).toEqual(before);
    for (const host of hosts(["controlplane", ...MOVING]))
      expect(await host.succeed(`ls -A ${HOME} 2>/dev/null; true`)).toBe("");
  }

  test("the addresses of two nodes swapped in the settings: their records move, no daemon restarts, and destroy restores both", async () => {
    const [one, two] = hosts().map(({ address }) => address) as [string, string];
    await stack.succeed(stack.up());
    const [ours, started] = [await files(), await daemons()];
    addresses(two, one);
    const said = text(await stack.succeed(stack.preview("--diff")));
    for (const name of MOVING) expect(said).toMatch(about(name, "this host had another name"));
    await stack.succeed(stack.up());
    expect(await files()).toEqual(ours);
    expect(await daemons()).toEqual(started);
    expect(await records()).toEqual([
      "cluster-registry.test.containerd-node02\n",
      "cluster-registry.test.containerd-node01\n",
    ]);
    await stack.succeed(stack.preview("--expect-no-changes"));
    await stack.succeed(stack.destroy());
    await expectAsBefore();
  });

  test("two nodes swapped in the settings, and destroyed before any up: both hosts are as before", async () => {
    const [one, two] = hosts().map(({ address }) => address) as [string, string];
    await stack.succeed(stack.up());
    addresses(two, one);
    await stack.succeed(stack.destroy());
    await expectAsBefore();
  });

  test("a node that leaves while another takes its address: the next up has the host under that name, and destroy restores it", async () => {
    const [one] = hosts().map(({ address }) => address) as [string];
    const nodes = stack.current["nodes"] as { name: string }[];
    stack.change({ nodes: nodes.filter(({ name }) => name !== "node02") });
    await stack.succeed(stack.up());
    const [ours, started] = [await files(), await daemons()];
    const [controlplane, , last] = nodes;
    stack.change({ nodes: [controlplane, { ...last, address: one }] });
    await stack.succeed(stack.up());
    expect(await files()).toEqual(ours);
    expect(await daemons()).toEqual(started);
    await stack.succeed(stack.preview("--expect-no-changes"));
    await stack.succeed(stack.destroy());
    await expectAsBefore();
  });

  test("two hosts that really swapped their addresses, under unchanged settings", async () => {
    const [one, two] = hosts() as [RunningHost, RunningHost];
    await stack.succeed(stack.up());
    const [ours, started] = [await files(), await daemons()];
    const known = readFileSync(lab.knownHostsPath, "utf8");
    const readdress = async (host: RunningHost, to: RunningHost, from: RunningHost) => {
      await host.succeed(
        `ip address del ${from.address}/24 dev eth0 && ip address add ${to.address}/24 dev eth0`,
      );
    };
    await readdress(one, two, one);
    await readdress(two, one, two);
    await one.exec(`ping -c 1 ${lab.host("controlplane").address}`);
    writeFileSync(
      lab.knownHostsPath,
      `${two.address} ${one.hostKey}\n${one.address} ${two.hostKey}\n${known.replace(/^.*,node0.*\n/gm, "")}`,
    );
    try {
      const said = text(await stack.succeed(stack.preview("--diff")));
      for (const name of MOVING) expect(said).toMatch(about(name, "this host had another name"));
      await stack.succeed(stack.up());
      expect(await files()).toEqual(ours);
      expect(await daemons()).toEqual(started);
      await stack.succeed(stack.preview("--expect-no-changes"));
      await stack.succeed(stack.destroy());
      await expectAsBefore();
    } finally {
      await readdress(one, one, two);
      await readdress(two, two, one);
      writeFileSync(lab.knownHostsPath, known);
    }
  });

  describe("the registry's host gets another name", () => {
    const cp = () => lab.host("controlplane");
    const registry = () => `${cp().address}:5000`;
    /** The container and what its volume is, the files of docker, and the page's container. */
    const asBefore = () =>
      cp().succeed(
        "docker inspect -f '{{.Id}} {{.State.StartedAt}} {{json .Mounts}}' registry registry-ui; docker volume ls -q; cat /etc/docker/daemon.json; " +
          "docker info -f '{{json .RegistryConfig.InsecureRegistryCIDRs}} {{json .RegistryConfig.IndexConfigs}}'; systemctl is-active cluster-registry-gc.timer",
      );

    test.each([{ adopt: false }, { adopt: true }])(
      "with adopt: $adopt, one up leaves the registry, its page and its timer as they are",
      async ({ adopt }) => {
        stack.change({
          registry: { ...(stack.current["registry"] as object), adopt },
          ui: { image: "nginx" },
          gcTimer: { onCalendar: "Sun 03:00" },
        });
        await stack.succeed(stack.up());
        const image = await pushImage(cp(), registry());
        const [was, started] = [await asBefore(), await daemonsOf(cp())];
        expect(was).toContain(registry());
        const nodes = stack.current["nodes"] as { name: string }[];
        stack.change({
          registry: { ...(stack.current["registry"] as object), host: "master1" },
          nodes: nodes.map((node) =>
            node.name === "controlplane" ? { ...node, name: "master1" } : node,
          ),
        });
        const said = text(await stack.succeed(stack.preview()));
        expect(said).toContain(
          "master1: this is the registry's host that was called controlplane. The registry and its images stay where they are",
        );
        expect(said).not.toContain("it moves here from");
        expect(said).not.toContain("as after an interrupted run");
        expect(said).not.toContain("will be undone");
        await stack.succeed(stack.up());
        expect(await asBefore()).toBe(was);
        expect(await daemonsOf(cp())).toBe(started);
        await lab.host("node01").pullImage(image);
        await cp().succeed(`docker push -q ${image}`);
        const after = text(await stack.succeed(stack.preview("--expect-no-changes")));
        expect(after).not.toContain("was called controlplane");
        await stack.succeed(stack.destroy());
        await cp().succeed("docker volume rm registry-data");
        await expectAsBefore();
      },
    );
  });
});
