import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { about, configManifest, daemonsOf, TestStack } from "../program/stack";
import { testWithPulumi } from "./cli";
import { makeToolchain, type Toolchain } from "./toolchain";

jest.setTimeout(3_600_000);

const CONFIG_TOML = "/etc/containerd/config.toml";
const CLI = ["--engine", "pulumi"];
const EMBEDDED = ["--engine", "embedded"];

describeLab("the engines taking turns on lab hosts", () => {
  let lab: RunningLab;
  let stack: TestStack;
  let toolchain: Toolchain;
  const environment = { ...process.env };

  afterAll(async () => {
    process.env = environment;
    stack?.remove();
    toolchain?.remove();
    await lab?.down();
  });

  const everywhere = (read: typeof configManifest) =>
    Promise.all([...lab.hosts.values()].map(read));
  const unchanged = async (): Promise<void> => {
    for (const engine of [EMBEDDED, CLI])
      await stack.succeed(stack.preview("--expect-no-changes", ...engine));
  };

  testWithPulumi(
    "each carries on what the other has made, repaired and destroyed, without a change",
    async () => {
      toolchain = await makeToolchain(console.error);
      Object.assign(process.env, toolchain.env);
      lab = await startLab(
        defineLab({ name: "turns", octet: 97, hosts: ["controlplane", "node01"] }),
      );
      stack = TestStack.lesson(lab);
      const registry = `${lab.host("controlplane").address}:5000`;
      const node01 = lab.host("node01");
      const before = await configManifest(node01);

      await stack.succeed(stack.up(...EMBEDDED));
      const made = await everywhere(configManifest);
      const daemons = await everywhere(daemonsOf);
      await unchanged();
      await stack.succeed(stack.up("--expect-no-changes", ...CLI));
      expect(await everywhere(configManifest)).toEqual(made);
      expect(await everywhere(daemonsOf)).toEqual(daemons);

      for (const engine of [CLI, EMBEDDED]) {
        await node01.succeed(`sed -i '/${registry}/d' ${CONFIG_TOML}`);
        const drift = await stack.preview("--diff", "--expect-no-changes", ...engine);
        expect(drift.code).toBe(7);
        expect(drift.stdout + drift.stderr).toMatch(about("node01", "drift on the host"));
        await stack.succeed(stack.up(...engine));
        expect(await everywhere(configManifest)).toEqual(made);
        await unchanged();
      }

      await stack.succeed(stack.destroy(...CLI));
      expect(await configManifest(node01)).toBe(before);
      await stack.succeed(stack.up(...CLI));
      expect(await everywhere(configManifest)).toEqual(made);
      await unchanged();
      await stack.succeed(stack.destroy(...EMBEDDED));
      expect(await configManifest(node01)).toBe(before);
      expect(await node01.succeed("ls -A /var/lib/cluster-registry 2>/dev/null; true")).toBe("");
    },
  );
});
