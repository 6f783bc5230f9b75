import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { about, configManifest, pushImage, TestStack } from "./stack";

/** How many nodes there are beside the registry's host. FLEET=100 takes 3 GB and a quarter of an hour. */
const SIZE = Number(process.env["FLEET"] ?? 9);

describeLab(`${SIZE} nodes and the registry's host`, () => {
  const nodes = Array.from({ length: SIZE }, (_, at) => `n${String(at + 1).padStart(3, "0")}`);
  const drifted = nodes.filter((_, at) => at % 3 === 0);
  /** In the last batch of the repair. */
  const dying = drifted.at(-1) ?? "";
  let lab: RunningLab;
  let stack: TestStack;
  let registry: string;
  let image: string;
  let before: string[];

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "many", octet: 177, hosts: ["reg", ...nodes] }));
    registry = `${lab.host("reg").address}:5000`;
    stack = TestStack.lesson(lab, { rollout: { canary: 1, batch: "20%" } });
    before = await manifests();
  });

  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  /** Asks every node, some at a time: all of them share this machine. */
  async function everywhere<T>(ask: (name: string) => Promise<T>, of = nodes): Promise<T[]> {
    const answers: T[] = [];
    for (let at = 0; at < of.length; at += 10)
      answers.push(...(await Promise.all(of.slice(at, at + 10).map(ask))));
    return answers;
  }
  const manifests = () => everywhere((name) => configManifest(lab.host(name)));
  const haveMirror = () =>
    everywhere(async (name) => {
      const text = await lab.host(name).succeed("cat /etc/containerd/config.toml");
      return text.includes(`"${registry}"`);
    });
  const all = (value: boolean) => nodes.map(() => value);

  test("are set up by one up, and can pull", async () => {
    await stack.succeed(stack.up());
    expect(await haveMirror()).toEqual(all(true));
    image = await pushImage(lab.host("reg"), registry);
    await everywhere((name) => lab.host(name).pullImage(image));
  });

  test("drift of a third of them is named, and no other node is", async () => {
    await everywhere(
      (name) => lab.host(name).succeed(`sed -i '/${registry}/d' /etc/containerd/config.toml`),
      drifted,
    );
    const said = await stack.preview("--expect-no-changes");
    expect(said.code).toBe(7);
    for (const name of nodes) {
      const what = expect.stringMatching(about(name, "drift on the host")) as string;
      expect(said.stdout).toEqual(
        drifted.includes(name) ? what : expect.not.stringMatching(about(name, "drift")),
      );
    }
  });

  test("a node that dies during the repair fails alone, and the next up repairs it", async () => {
    const up = await stack.start("up", "--yes", "--skip-preview");
    await up.says("  batch 2 of ");
    await lab.host(dying).cutPower();
    const said = await up.ended;
    expect(said.code).toBe(1);
    expect(said.stdout).toContain(`${dying}: containerd mirror **updating failed**`);
    await lab.host(dying).start();
    const repaired = await haveMirror();
    expect(nodes.filter((_, at) => !repaired[at])).toEqual([dying]);
    await stack.succeed(stack.up());
    expect(await haveMirror()).toEqual(all(true));
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("are as before after one destroy", async () => {
    await stack.succeed(stack.destroy());
    expect(await manifests()).toEqual(before);
    expect(
      await everywhere((name) => lab.host(name).succeed("ls -A /var/lib/cluster-registry; true")),
    ).toEqual(nodes.map(() => ""));
  });
});
