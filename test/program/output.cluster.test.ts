import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { ENGINE, TestStack } from "./stack";

// Under the Pulumi CLI the display is the CLI's.
(ENGINE === "embedded" ? describeLab : describe.skip)("what a person sees of a run", () => {
  let lab: RunningLab;
  let stack: TestStack;

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "output", octet: 67, hosts: ["controlplane", "node01"] }),
    );
    stack = TestStack.lesson(lab);
  });
  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  /** Times left out. */
  const steady = (text: string): string =>
    text.replace(/\(\d+\.\d\ds\)/g, "(Ns)").replace(/Duration: \S+/, "Duration: Ns");
  const rows = (text: string): string[] =>
    steady(text)
      .split("\n")
      .filter((line) => /^ [-+~]/.test(line))
      .map((line) => line.replace(/\): .*/, ")"))
      .sort();

  test("a first up is one line for each host and step", async () => {
    const said = await stack.succeed(stack.up());
    expect(rows(said.stdout)).toEqual(
      [
        " +  controlplane: Docker created (Ns)",
        " +  controlplane: Docker daemon.json created (Ns)",
        " +  controlplane: registry container created (Ns)",
        " +  controlplane: containerd mirror created (Ns)",
        " +  node01: containerd mirror created (Ns)",
      ].sort(),
    );
    expect(said.stdout).not.toContain("command:remote:Command");
    // What is known only once Docker is there stands with its step as well.
    expect(steady(said.stdout)).toContain(
      ' +  controlplane: Docker daemon.json created (Ns): first apply\n      /etc/docker/daemon.json, line 2:\n      +  "insecure-registries": [',
    );
    expect(said.stdout).toMatch(
      /containerd mirror created \(.*\): first apply, the same lines as /,
    );
  });

  test("an up that repairs one line says so in 15 lines, the diff once and the outputs once", async () => {
    const node = lab.host("node01");
    const registry = `${lab.host("controlplane").address}:5000`;
    await node.succeed(`sed -i '/${registry}/d' /etc/containerd/config.toml`);
    const said = await stack.succeed(stack.run("up", "--yes"));
    const text = steady(said.stdout).replace(/line \d+/g, "line N");
    expect(text).toBe(
      `Previewing update (${stack.name}):
 ~  node01: containerd mirror update: drift on the host
      /etc/containerd/config.toml, line N:
      +        [plugins."io.containerd.grpc.v1.cri".registry.mirrors."${registry}"]
      +          endpoint = ["http://${registry}"]
Resources: ~ 1 to update, 21 unchanged

Updating (${stack.name}):
 ~  node01: containerd mirror updated (Ns)
Outputs:
    commands: { build, push, tag } (unchanged)
    imagePrefix: "${registry}"
    nodes: { controlplane, node01 } (unchanged)
    registryUrl: "http://${registry}"
Resources: ~ 1 updated, 21 unchanged. Duration: Ns

`,
    );
    expect(text.trimEnd().split("\n")).toHaveLength(15);
  });

  test("a destroy is one line for each host and step, with what the host says last", async () => {
    const said = await stack.succeed(stack.destroy());
    expect(rows(said.stdout)).toEqual(
      [
        " -  controlplane: Docker deleted (Ns)",
        " -  controlplane: Docker daemon.json deleted (Ns)",
        " -  controlplane: registry container deleted (Ns)",
        " -  controlplane: containerd mirror deleted (Ns)",
        " -  node01: containerd mirror deleted (Ns)",
      ].sort(),
    );
    expect(said.stdout).toContain(
      "      /etc/containerd/config.toml: our lines removed. containerd restarted and healthy.\n",
    );
    expect(said.stdout).toContain("to delete them, run: docker volume rm registry-data");
  });
});
