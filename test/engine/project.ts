import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { run, type RunOptions, type RunResult } from "../../engine/operation";
import { Workspace, type Stack } from "../../engine/stack";
import type { EngineEvent } from "../../engine/steps/events";
import { FakeWorld, fakePlugin } from "./fake-provider";

/** The package that programs import to use the fake provider. */
const FAKE_SDK = `
import * as pulumi from "@pulumi/pulumi";
export class Thing extends pulumi.CustomResource {
  declare readonly echo: pulumi.Output<string>;
  declare readonly value: pulumi.Output<any>;
  constructor(name: string, args: any = {}, opts: any = {}) {
    super("fake:index:Thing", name, { name, kind: undefined, echo: undefined, value: undefined, ...args }, { version: "1.0.0", ...opts });
  }
}
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: any = {}, opts: any = {}) { super("fake", name, args, { version: "1.0.0", ...opts }); }
}
`;

/** A project in a folder of its own, with a stack, run by the real SDK against the fake provider. */
export class TestProject {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "project-"));
  readonly world = new FakeWorld();
  private constructor(private readonly env: NodeJS.ProcessEnv) {}

  /** `config`: the stack's, plain values. */
  static async make(program: string, config: Record<string, unknown> = {}): Promise<TestProject> {
    const project = new TestProject({
      PULUMI_CONFIG_PASSPHRASE: "pw",
      PULUMI_HOME: "/nonexistent",
    });
    project.write("Pulumi.yaml", "name: p\nruntime: nodejs\n");
    project.write("package.json", '{"name": "p", "main": "index.ts"}');
    project.write("fake.ts", FAKE_SDK);
    project.program(program);
    fs.symlinkSync(
      path.join(__dirname, "../../node_modules"),
      path.join(project.folder, "node_modules"),
    );
    if (Object.keys(config).length > 0)
      project.write("Pulumi.dev.yaml", JSON.stringify({ config }));
    await project.workspace().create("dev");
    return project;
  }

  write(name: string, text: string): void {
    fs.writeFileSync(path.join(this.folder, name), text);
  }

  program(text: string): void {
    this.write(
      "index.ts",
      `import * as pulumi from "@pulumi/pulumi";\nimport { Thing, Provider } from "./fake";\nvoid [Thing, Provider];\n${text}`,
    );
  }

  /** @param passphrase another one than the stack's */
  workspace(stack = "dev", passphrase?: string): Workspace {
    const other = passphrase === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: passphrase };
    return Workspace.open({ folder: this.folder, stack, env: { ...this.env, ...other } });
  }

  stack(name = "dev"): Promise<Stack> {
    return this.workspace(name).load();
  }

  async run(
    options: Partial<RunOptions> = {},
    stack = "dev",
  ): Promise<RunResult & { steps: string[]; messages: string[] }> {
    const steps: string[] = [];
    const messages: string[] = [];
    const sink = (event: EngineEvent): void => {
      if (event.kind === "message") {
        if (event.severity !== "debug") messages.push(`${event.severity}: ${event.text}`);
      } else if (event.kind === "done" && !event.step.internal) {
        steps.push(`${event.step.op} ${event.step.urn.split("::").at(-1)}`);
      }
    };
    const result = await run(await this.stack(stack), {
      kind: "up",
      preview: false,
      plugins: [fakePlugin(this.world)],
      sink,
      ...options,
    });
    return { ...result, steps, messages };
  }

  dispose(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
