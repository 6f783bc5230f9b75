import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { run } from "../../engine/operation";
import type { EngineEvent } from "../../engine/steps/events";
import { TestProject } from "../engine/project";
import { testWithPulumi } from "./cli";
import { makeToolchain } from "./toolchain";

// Two engines and a dozen starts of Node: minutes on a machine that has much else to do.
jest.setTimeout(600_000);

const PROGRAM = `
  import * as command from "@pulumi/command";
  class Group extends pulumi.ComponentResource {
    constructor(name: string) {
      super("p:index:Group", name);
      const a = new command.local.Command(name + "-a", { create: "echo one", stdin: pulumi.secret("hidden") }, { parent: this });
      new command.local.Command(name + "-b", { create: pulumi.interpolate\`echo \${a.stdout}\`, triggers: ["x"] }, { parent: this, deleteBeforeReplace: true });
      this.registerOutputs({ out: a.stdout });
    }
  }
  new Group("g");
  export const token = pulumi.secret("t0ken");
  export const list = [1, { two: 2 }];
`;

testWithPulumi(
  "the engines take turns on one stack, the CLI with this project's providers",
  async () => {
    const toolchain = await makeToolchain(console.error);
    const project = await TestProject.make(PROGRAM);
    const pulumi = (...args: string[]): Promise<unknown> =>
      promisify(execFile)("pulumi", [...args, "--stack", "dev", "--non-interactive"], {
        cwd: project.folder,
        env: {
          ...process.env,
          ...toolchain.env,
          PULUMI_BACKEND_URL: `file://${project.folder}`,
          PULUMI_CONFIG_PASSPHRASE: "pw",
        },
      });
    const embedded = async (kind: "up" | "destroy", preview: boolean) => {
      const sink = (_event: EngineEvent): void => undefined;
      return (await run(await project.stack(), { kind, preview, sink })).changes;
    };
    try {
      expect(await embedded("up", false)).toEqual({ create: 4 });
      await pulumi("preview", "--expect-no-changes");
      await pulumi("up", "--yes", "--expect-no-changes");
      expect(await embedded("up", true)).toEqual({ same: 4 });

      project.program(PROGRAM.replace("echo one", "echo two").replace('["x"]', '["y"]'));
      await pulumi("up", "--yes");
      expect(await embedded("up", true)).toEqual({ same: 4 });
      project.program(PROGRAM);
      expect(await embedded("up", false)).toEqual({ same: 2, update: 1, replace: 1 });
      await pulumi("preview", "--expect-no-changes");

      await pulumi("destroy", "--yes");
      expect((await project.stack()).state().snapshot.resources).toEqual([]);
      await pulumi("up", "--yes");
      expect(await embedded("destroy", false)).toEqual({ delete: 4 });
      await pulumi("destroy", "--yes");
    } finally {
      project.dispose();
      toolchain.remove();
    }
  },
);
