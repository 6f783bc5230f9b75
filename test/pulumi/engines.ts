/** The two engines as they run a list of things against a simulated world: what the provider saw, how it ended, what the state has. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as language from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { EXIT } from "../../engine/command/exit";
import { run as runEmbedded } from "../../engine/operation";
import { serveProvider, type Serving } from "../../plugin/serve";
import type { Program } from "../../engine/rpc/program";
import { Workspace } from "../../engine/stack";
import { Targets } from "../../engine/steps/targets";
import { FakeWorld, fakePlugin } from "../engine/fake-provider";
import { recorded } from "./recorded";
import { comparable } from "./state";
import { runThings, type Thing } from "./thing-program";

export const PROJECT = "p";
export const STACK = "s";
const ENV = { PULUMI_CONFIG_PASSPHRASE: "pw" };

export interface Operation {
  kind: "up" | "preview" | "destroy" | "refresh";
  things?: readonly Thing[];
  continueOnError?: boolean;
  refresh?: boolean;
  targets?: readonly string[];
  targetDependents?: boolean;
  excludes?: readonly string[];
  excludeDependents?: boolean;
  /** `create NAME`...: what fails, and what comes about only by half. */
  failing?: readonly string[];
  half?: readonly string[];
  /** What happens in the world before. */
  before?: (world: FakeWorld) => void;
}

/** What is compared. */
export interface Result {
  /** Every call of the provider, with what it was given. */
  calls: string[];
  /** What was done in the world. */
  done: string[];
  code: number;
  state: unknown;
  /** Not compared: for messages. */
  said: string;
}

let made: Promise<string> | undefined;

/** The folder of a project with an empty stack, made once. */
function template(): Promise<string> {
  made ??= (async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "oracle-template-"));
    process.once("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
    fs.writeFileSync(path.join(folder, "Pulumi.yaml"), `name: ${PROJECT}\nruntime: nodejs\n`);
    await workspace(folder).create(STACK);
    return folder;
  })();
  return made;
}

const workspace = (folder: string): Workspace =>
  Workspace.open({ folder, stack: STACK, env: { ...ENV, PULUMI_HOME: "/nonexistent" } });

export abstract class OneEngine {
  readonly world = new FakeWorld();
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "oracle-"));
  protected readonly calls: string[] = [];
  protected readonly plugin = recorded(fakePlugin(this.world), this.calls);

  async run(operation: Operation): Promise<Result> {
    const { world, calls } = this;
    operation.before?.(world);
    for (const name of operation.failing ?? []) world.failing.set(name, new Error("failed"));
    for (const name of operation.half ?? []) world.half.add(name);
    const { code, said } = await this.execute(operation);
    world.failing.clear();
    world.half.clear();
    const file = path.join(this.folder, ".pulumi", "stacks", PROJECT, `${STACK}.json`);
    return {
      calls: calls.splice(0),
      done: world.takeLog(),
      code,
      state: await comparable(fs.readFileSync(file, "utf8"), ENV.PULUMI_CONFIG_PASSPHRASE),
      said,
    };
  }

  /** An empty stack. All have the same key: to derive one takes longer than all else. */
  async prepare(): Promise<void> {
    fs.cpSync(await template(), this.folder, { recursive: true });
  }

  protected abstract execute(operation: Operation): Promise<{ code: number; said: string }>;

  async close(): Promise<void> {
    fs.rmSync(this.folder, { recursive: true, force: true });
    return Promise.resolve();
  }
}

export class EmbeddedEngine extends OneEngine {
  protected async execute(operation: Operation): Promise<{ code: number; said: string }> {
    const { kind, things = [], refresh } = operation;
    const preview = kind === "preview";
    const said: string[] = [];
    const program = {
      run: async ({ monitor }: { monitor: string }) => {
        const stack = { project: PROJECT, name: STACK, preview };
        return { ok: await runThings(things, { monitor, engine: monitor }, stack) };
      },
      end: () => undefined,
    };
    const { outcome } = await runEmbedded(await workspace(this.folder).load(), {
      kind: preview ? "up" : kind,
      preview,
      parallel: 1,
      continueOnError: operation.continueOnError ?? false,
      ...(refresh === undefined ? {} : { refresh }),
      targets: new Targets(
        operation.targets ?? [],
        operation.targetDependents ?? false,
        operation.excludes ?? [],
        operation.excludeDependents ?? false,
      ),
      program: program as unknown as Program,
      plugins: [this.plugin],
      sink: (event) => {
        if (event.kind === "message" && event.severity !== "debug") said.push(event.text);
      },
    });
    return { code: outcome === "succeeded" ? EXIT.ok : EXIT.error, said: said.join("\n") };
  }
}

/** The Pulumi CLI: the provider is a plugin that it starts, the program a language runtime that it is told of. */
export class CliEngine extends OneEngine {
  private readonly home = fs.mkdtempSync(path.join(os.tmpdir(), "oracle-home-"));
  private serving: Serving | undefined;
  private readonly server = new grpc.Server();
  private runtime = "";
  private things: readonly Thing[] = [];

  constructor(private readonly pulumi: string) {
    super();
  }

  override async prepare(): Promise<void> {
    await super.prepare();
    this.serving = await serveProvider(this.plugin, "/");
    const plugin = path.join(this.home, "plugins", "resource-fake-v1.0.0");
    fs.mkdirSync(plugin, { recursive: true });
    // The world is in this process, and so the provider is too: what the CLI starts only says where.
    fs.writeFileSync(
      path.join(plugin, "pulumi-resource-fake"),
      `#!/bin/sh\necho ${this.serving.port}\nexec sleep 86400\n`,
      { mode: 0o755 },
    );
    this.runtime = await this.serveProgram();
  }

  private serveProgram(): Promise<string> {
    this.server.addService(LanguageRuntimeService, {
      getRequiredPackages: answer(() => new language.GetRequiredPackagesResponse()),
      getRequiredPlugins: answer(() => new language.GetRequiredPluginsResponse()),
      getPluginInfo: answer(() => new PluginInfo()),
      run: answer(async (request: language.RunRequest) => {
        const addresses = {
          monitor: request.getMonitorAddress(),
          engine: request.getArgsList()[0] ?? "",
        };
        const stack = { project: PROJECT, name: STACK, preview: request.getDryrun() };
        const response = new language.RunResponse();
        response.setBail(!(await runThings(this.things, addresses, stack)));
        return response;
      }),
    });
    return new Promise((resolve, reject) =>
      this.server.bindAsync(
        "127.0.0.1:0",
        grpc.ServerCredentials.createInsecure(),
        (error, port) => (error ? reject(error) : resolve(`127.0.0.1:${port}`)),
      ),
    );
  }

  protected execute(operation: Operation): Promise<{ code: number; said: string }> {
    const { kind, things = [] } = operation;
    this.things = things;
    const args = [
      kind,
      `--client=${this.runtime}`,
      "--non-interactive",
      "--color=never",
      `--stack=${STACK}`,
      ...(kind === "preview" ? [] : ["--yes", "--skip-preview"]),
      "--parallel=1",
      ...(operation.continueOnError ? ["--continue-on-error"] : []),
      ...(operation.refresh ? ["--refresh"] : []),
      ...(operation.targets ?? []).map((urn) => `--target=${urn}`),
      ...(operation.targetDependents ? ["--target-dependents"] : []),
      ...(operation.excludes ?? []).map((urn) => `--exclude=${urn}`),
      ...(operation.excludeDependents ? ["--exclude-dependents"] : []),
    ];
    return new Promise((resolve, reject) => {
      const child = spawn(this.pulumi, args, {
        cwd: this.folder,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          PATH: process.env["PATH"],
          HOME: this.home,
          PULUMI_HOME: this.home,
          PULUMI_BACKEND_URL: `file://${this.folder}`,
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
          ...ENV,
        },
      });
      let said = "";
      child.stdout.on("data", (text: Buffer) => (said += text.toString()));
      child.stderr.on("data", (text: Buffer) => (said += text.toString()));
      child.once("error", reject);
      child.once("close", (code) => resolve({ code: code ?? -1, said }));
    });
  }

  override async close(): Promise<void> {
    await this.serving?.stop();
    this.server.forceShutdown();
    fs.rmSync(this.home, { recursive: true, force: true });
    await super.close();
  }
}

function answer<Request, Response>(
  work: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => work(call.request))
      .then(
        (response) => callback(null, response),
        (error: Error) => callback({ code: grpc.status.UNKNOWN, details: error.message }),
      );
  };
}
