import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { defineLab, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import { pack } from "../program/package";
import { pushImage } from "../program/stack";
import { labSsh, UserStack, writeProgram } from "../program/user-stack";
import { testWithPulumi } from "./cli";
import { makeToolchain, type Toolchain } from "./toolchain";

jest.setTimeout(3_600_000);

const CLI = ["--engine", "pulumi"];
/** What an SDK in any language does: the component is registered as a remote one, and the plugin constructs it. */
const PROGRAM = `import * as pulumi from "@pulumi/pulumi";

class ClusterRegistry extends pulumi.ComponentResource {
  declare readonly registryUrl: pulumi.Output<string>;
  constructor(name: string, args: pulumi.Inputs) {
    super("cluster-registry:index:ClusterRegistry", name, { ...args, registryUrl: undefined }, { version: "0.1.0" }, true);
  }
}

const config = new pulumi.Config();
const address = config.require("address");
const cluster = new ClusterRegistry("mine", {
  ssh: config.requireObject("ssh"),
  registry: { host: "n1", address },
  nodes: [{ name: "n1", address, role: "master" }],
  mirrors: { "docker.io": ["https://mirror.gcr.io", { url: "https://registry-1.docker.io" }] },
});
export const registryUrl = cluster.registryUrl;
`;

describeLab(
  "ClusterRegistry through the package's plugin, as a program in another language uses it",
  () => {
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
      "the plugin makes the registry, a second preview has nothing to do, and destroy restores the node",
      async () => {
        toolchain = await makeToolchain(console.error);
        lab = await startLab(defineLab({ name: "plugin", octet: 52, hosts: ["n1"] }));
        const n1 = lab.host("n1");
        const program = writeProgram(folder, PROGRAM);
        stack = new UserStack(lab, pack(folder), program, {
          address: n1.address,
          ssh: labSsh(lab),
        });
        // npm makes this link, since package.json names it.
        const bin = join(folder, "bin");
        mkdirSync(bin);
        symlinkSync(
          join(stack.folder, "node_modules", "cluster-registry", "dist", "plugin", "index.js"),
          join(bin, "pulumi-resource-cluster-registry"),
        );
        Object.assign(process.env, toolchain.env, {
          PATH: [bin, toolchain.env["PATH"] ?? ""].join(delimiter),
        });
        const before = await n1.succeed("cat /etc/containerd/config.toml");

        const up = await stack.succeed(stack.up(...CLI));
        expect(up.stdout).toContain(`http://${n1.address}:5000`);
        await n1.pullImage(await pushImage(n1, `${n1.address}:5000`));
        await stack.succeed(stack.preview("--expect-no-changes", ...CLI));
        await stack.succeed(stack.destroy(...CLI));
        expect(await n1.succeed("cat /etc/containerd/config.toml")).toBe(before);
      },
    );
  },
);
