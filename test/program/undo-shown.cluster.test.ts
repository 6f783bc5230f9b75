import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { about, configManifest, daemonsOf, ENGINE, recordsOf, type Said, TestStack } from "./stack";

describeLab("what is undone is shown before it is done", () => {
  let lab: RunningLab;
  let stack: TestStack;
  let registry: string;

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "undoshown", octet: 48, hosts: ["controlplane", "node01"] }),
    );
    stack = TestStack.lesson(lab);
    registry = `${lab.host("controlplane").address}:5000`;
    await stack.succeed(stack.up());
  });

  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  const text = ({ stdout, stderr }: Said) => stdout + stderr;
  const hosts = async () =>
    Promise.all(
      [...lab.hosts.values()].flatMap((host) => [
        configManifest(host),
        daemonsOf(host),
        recordsOf(host),
      ]),
    );

  /** The diff of a host's files, as either engine shows it. */
  function expectUndo(said: string, host: string, daemon: string, file: string, then: string) {
    const heading = about(host, `changes to ${daemon} that will be undone`);
    const from = [...said.matchAll(new RegExp(heading, "g"))].at(-1)?.index;
    expect(from).toBeGreaterThan(0);
    const block = said.slice(from).split(/\n {1,4}\S/)[0] ?? "";
    expect(block).toContain(`--- ${file}\tlive`);
    expect(block).toMatch(new RegExp(`^ *- .*${registry.replaceAll(".", "\\.")}`, "m"));
    expect(block).toContain(then);
  }

  test("a node that leaves: its preview shows the lines that go, and that containerd restarts", async () => {
    const before = await hosts();
    const { current } = stack;
    const nodes = current["nodes"] as { name: string }[];
    expect(text(await stack.succeed(stack.preview()))).not.toContain("that will be undone");
    stack.change({ nodes: nodes.filter(({ name }) => name !== "node01") });
    const said = text(await stack.succeed(stack.preview("--diff")));
    expectUndo(
      said,
      "node01",
      "containerd",
      "/etc/containerd/config.toml",
      "containerd restarts; containers keep running.",
    );
    expect(said).not.toMatch(about("controlplane", "changes to"));
    expect(await hosts()).toEqual(before);

    // A host that does not answer does not keep the preview from being shown.
    await lab.host("node01").cutPower();
    const off = text(await stack.preview());
    await lab.host("node01").start();
    expect(off).toMatch(
      about(
        "node01",
        "cannot preview the undo of the changes to containerd: node01 (root@10.88.48.12:22): ",
      ),
    );
    stack.configure(current);
  });

  // The CLI's own destroy neither runs the program nor has a place for more words; it is shown by a preview of the same state.
  (ENGINE === "embedded" ? test : test.skip)(
    "destroy: its preview shows each host's lines, which daemons restart, and the volume that stays",
    async () => {
      const before = await hosts();
      const said = text(await stack.succeed(stack.run("destroy", "--preview-only", "--diff")));
      for (const host of ["controlplane", "node01"])
        expectUndo(
          said,
          host,
          "containerd",
          "/etc/containerd/config.toml",
          "containerd restarts; containers keep running.",
        );
      expectUndo(
        said,
        "controlplane",
        "docker",
        "/etc/docker/daemon.json",
        "docker reloads, without a restart.",
      );
      expect(said).toContain("the volume registry-data and its images are kept");
      expect(await hosts()).toEqual(before);
      const json = await stack.succeed(stack.run("destroy", "--preview-only", "--json"));
      expect(JSON.stringify(JSON.parse(json.stdout))).toContain(
        "node01: changes to containerd that will be undone",
      );
      await stack.succeed(stack.destroy());
    },
  );
});
