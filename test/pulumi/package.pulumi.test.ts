import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { pack } from "../program/package";
import { configManifest, daemonsOf, pushImage } from "../program/stack";
import { labSsh, UserStack, writeProgram } from "../program/user-stack";
import { testWithPulumi } from "./cli";
import { makeToolchain, type Toolchain } from "./toolchain";

jest.setTimeout(3_600_000);

const PROGRAM = `import * as pulumi from "@pulumi/pulumi";
import { ClusterRegistry, type SshArgs } from "cluster-registry";

const config = new pulumi.Config();
const address = config.require("address");
const cluster = new ClusterRegistry("mine", {
  ssh: config.requireObject<SshArgs>("ssh"),
  registry: { host: "n1", address },
  nodes: [{ name: "n1", address, role: "master" }],
});
export const { registryUrl, commands } = cluster;
`;

describeLab("the package in a program of another folder, under both engines", () => {
  let lab: RunningLab;
  let stack: UserStack;
  let toolchain: Toolchain;
  const folder = mkdtempSync(join(tmpdir(), "package-"));
  const environment = { ...process.env };

  afterAll(async () => {
    process.env = environment;
    stack?.remove();
    toolchain?.remove();
    rmSync(folder, { recursive: true });
    await lab?.down();
  });

  testWithPulumi(
    "each engine makes the registry, finds nothing to do after the other, and destroys what the other made",
    async () => {
      toolchain = await makeToolchain(console.error);
      Object.assign(process.env, toolchain.env);
      lab = await startLab(defineLab({ name: "package", octet: 50, hosts: ["n1"] }));
      const n1 = lab.host("n1");
      const program = writeProgram(folder, PROGRAM);
      stack = new UserStack(lab, pack(folder), program, { address: n1.address, ssh: labSsh(lab) });
      const containerd = () => n1.succeed("cat /etc/containerd/config.toml");
      const before = await containerd();

      const engines = ["embedded", "pulumi"];
      for (const [index, engine] of engines.entries()) {
        const other = engines[1 - index] ?? "";
        const up = await stack.succeed(stack.up("--engine", engine));
        expect(up.stdout).toContain(`http://${n1.address}:5000`);
        await n1.pullImage(await pushImage(n1, `${n1.address}:5000`, `mynginx:${index}`));
        const [files, daemons] = [await configManifest(n1), await daemonsOf(n1)];
        for (const each of engines)
          await stack.succeed(stack.preview("--expect-no-changes", "--engine", each));
        expect(await configManifest(n1)).toBe(files);
        expect(await daemonsOf(n1)).toBe(daemons);
        await stack.succeed(stack.destroy("--engine", other));
        expect(await containerd()).toBe(before);
        expect(
          await n1.succeed("docker ps -aq; ls -A /var/lib/cluster-registry 2>/dev/null; true"),
        ).toBe("");
      }
    },
  );
});
