import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { HOME, undoAll } from "../helper/patched-host";
import { describeLab } from "../lab-only";
import { about, configManifest, daemonsOf, type Said, TestStack } from "./stack";

const HOSTS = ["controlplane", "old", "new"];

describeLab("a node's name that goes to another host, while the one before lives on", () => {
  let lab: RunningLab;
  let stack: TestStack;
  let before: string[];

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "movedaway", octet: 66, hosts: HOSTS }));
    await lab.host("controlplane").succeed("mkdir -p /etc/docker");
    before = await files();
  });

  beforeEach(async () => {
    stack = TestStack.lesson(lab);
    nodes({ node01: "old" });
    await stack.succeed(stack.up());
  });

  afterEach(async () => {
    for (const host of hosts()) await undoAll(host);
    stack.remove();
  });

  afterAll(() => lab?.down());

  const hosts = (): RunningHost[] => HOSTS.map((name) => lab.host(name));
  const files = () => Promise.all(hosts().slice(1).map(configManifest));
  const text = ({ stdout, stderr }: Said) => stdout + stderr;
  const isLeft = (name: string) => lab.host(name).succeed(`ls -A ${HOME} 2>/dev/null; true`);

  /** The nodes beside the first, by name, and the lab's host that each is. */
  function nodes(more: Record<string, string>): void {
    const [first] = stack.current["nodes"] as unknown[];
    const others = Object.entries(more).map(([name, host]) => ({
      name,
      role: "worker",
      address: lab.host(host).address,
    }));
    stack.change({ nodes: [first, ...others] });
  }

  test("its preview shows what is taken out there, up does it, and destroy finds every host as before", async () => {
    const old = lab.host("old");
    nodes({ node01: "new" });
    const started = await daemonsOf(old);
    const said = text(await stack.succeed(stack.preview()));
    expect(said).toMatch(
      about(
        "node01",
        `this name belongs to another host now. The previous host, ${old.address}, has lines of this program for containerd; up removes them there`,
      ),
    );
    expect(said).toMatch(
      /\/etc\/containerd\/config\.toml, line \d+:\n +- .*\n +- +endpoint = \["http:\/\/10\.88\.66\.11:5000"\]\n/,
    );
    expect(said).toContain("containerd restarts; containers keep running.");
    expect(await daemonsOf(old)).toBe(started);
    await stack.succeed(stack.up());
    expect((await files())[0]).toBe(before[0]);
    expect(await isLeft("old")).toBe("");
    expect(await isLeft("new")).toContain("records");
    const again = text(await stack.succeed(stack.preview("--expect-no-changes")));
    expect(again).not.toContain("this name belongs to another host");
    // And back again: the old triggers do not stand in the way of new ones.
    nodes({ node01: "old" });
    await stack.succeed(stack.up());
    expect((await files())[1]).toBe(before[1]);
    expect(await isLeft("new")).toBe("");
    await stack.succeed(stack.preview("--expect-no-changes"));
    await stack.succeed(stack.destroy());
    expect(await files()).toEqual(before);
    for (const name of HOSTS) expect(await isLeft(name)).toBe("");
  });

  test("renamed and moved at once: up takes our lines out there as well", async () => {
    nodes({ node02: "new" });
    expect(text(await stack.succeed(stack.preview()))).toMatch(
      about("node01", "changes to containerd that will be undone"),
    );
    await stack.succeed(stack.up());
    expect((await files())[0]).toBe(before[0]);
    expect(await isLeft("old")).toBe("");
    await stack.succeed(stack.destroy());
    expect(await files()).toEqual(before);
  });

  test("one that does not answer stands in nobody's way: preview and up say what it keeps, and the command that takes it out", async () => {
    const old = lab.host("old");
    await old.cutPower();
    nodes({ node01: "new" });
    const command = `sudo sh ${HOME}/helper undo cluster-registry.test.containerd-node01`;
    for (const run of [() => stack.preview(), () => stack.up()]) {
      const said = text(await stack.succeed(run()));
      expect(said).toMatch(
        about(
          "node01",
          `this name belongs to another host now. The previous host, ${old.address}, could not be read: `,
        ),
      );
      expect(said).toContain(
        `If it still runs, containerd there keeps the lines of this program. To remove them, run there: ${command}`,
      );
    }
    await stack.succeed(stack.preview("--expect-no-changes"));
    await old.start();
    await old.succeed(command);
    expect((await files())[0]).toBe(before[0]);
    expect(await isLeft("old")).toBe("");
    await stack.succeed(stack.destroy());
    expect(await files()).toEqual(before);
  });
});
