/**
 * docker:index/image:Image, which pulumi-docker does not take from Terraform: an image that is built from a folder and
 * pushed. It has other rules than the bridged types: inputs are compared with inputs, a read asks nobody, and a delete
 * deletes nothing.
 */
import type Docker from "dockerode";
import type { ImageBuildOptions, ImagePushOptions } from "dockerode";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { providerDigest } from "../../../build-context/provider-digest";
import { deepEquals } from "../../values/property";
import { UNKNOWN } from "../provider";
import type {
  CheckFailure,
  CheckResult,
  CreateContext,
  Diff,
  Outputs,
  Props,
  StepContext,
  Value,
} from "../provider";
import { checkSchema, type Field, type Fields, isProps, notTaken } from "../schema";
import { buildTar } from "./build-tar";
import type { Daemon } from "./daemon";
import { follow, layerSteps } from "./progress";

export const IMAGE_TYPE = "docker:index/image:Image";

const TAKEN: Fields = {
  build: {
    required: true,
    shape: {
      object: {
        args: { shape: { mapOf: "string" } },
        // The real provider's default is BuildKit, which needs a session of its own.
        builderVersion: { shape: { oneOf: ["BuilderV1"] }, required: true },
        context: { shape: "string" },
        dockerfile: { shape: "string" },
        platform: { shape: "string", required: true },
      },
    },
  },
  imageName: { shape: "string", required: true },
};
const off: Field = { shape: "any" };
const REFUSED: Fields = { buildOnPreview: off, registry: off, skipPush: off };
const REFUSED_BUILD = ["addHosts", "cacheFrom", "network", "target"];

export class ImageResource {
  /** @param folder  the program's folder, where relative paths start */
  constructor(
    private readonly daemon: Daemon,
    private readonly folder: string,
  ) {}

  check(news: Props): CheckResult {
    const { build } = news;
    const given = isProps(build) ? build : {};
    const refused = [
      ...Object.keys(REFUSED).filter((name) => isSet(news[name])),
      ...REFUSED_BUILD.filter((name) => isSet(given[name])).map((name) => `build.${name}`),
    ];
    const own: Props = {
      ...without(news, Object.keys(REFUSED)),
      ...(isProps(build) && { build: without(build, [...REFUSED_BUILD, "contextDigest"]) }),
    };
    const { inputs, failures } = checkSchema(TAKEN, own);
    const reason = notTaken([
      "build.args",
      "build.builderVersion",
      "build.context",
      "build.dockerfile",
      "build.platform",
      "imageName",
    ]);
    const all = [...failures, ...refused.map((property) => ({ property, reason }))];
    if (all.length > 0) return { inputs, failures: all };
    return this.withDigest(inputs);
  }

  /** Adds the defaults and the digest of the folder, as the real provider does. */
  private withDigest(inputs: Props): CheckResult {
    const build = inputs["build"] as Props;
    const context: Value = build["context"] ?? ".";
    const dockerfile: Value = build["dockerfile"] ?? defaultDockerfile(context);
    const full: Props = { ...build, context, dockerfile };
    const filled: Props = { ...inputs, buildOnPreview: false, build: full };
    if (context === UNKNOWN || dockerfile === UNKNOWN) return { inputs: filled, failures: [] };
    const [folder, file] = [context as string, dockerfile as string];
    const missing: CheckFailure[] = [
      ["build.context", "folder", folder],
      ["build.dockerfile", "Dockerfile", file],
    ].flatMap(([property = "", what = "", path = ""]) =>
      existsSync(resolve(this.folder, path))
        ? []
        : [{ property, reason: `expected a ${what} at ${resolve(this.folder, path)}, found none` }],
    );
    if (missing.length > 0) return { inputs: filled, failures: missing };
    const contextDigest = providerDigest(this.folder, folder, file);
    return { inputs: { ...filled, build: { ...full, contextDigest } }, failures: [] };
  }

  diff(oldInputs: Props, _oldOutputs: Props, news: Props): Diff {
    const names = [...new Set([...Object.keys(oldInputs), ...Object.keys(news)])];
    const changed = names.filter((name) => !deepEquals(oldInputs[name], news[name]));
    const kind = (name: string) =>
      !isSet(oldInputs[name]) ? "add" : !isSet(news[name]) ? "delete" : "update";
    return {
      changes: changed.length === 0 ? "none" : "some",
      replaces: [],
      detailed: Object.fromEntries(changed.map((name) => [name, kind(name)] as const)),
    };
  }

  async create(inputs: Props, ctx: CreateContext): Promise<{ id: string } & Outputs> {
    if (ctx.preview) return { id: "", outputs: preview(inputs) };
    return { id: inputs["imageName"] as string, ...(await this.buildAndPush(inputs, ctx)) };
  }

  async update(_id: string, _old: Props, news: Props, ctx: CreateContext): Promise<Outputs> {
    return ctx.preview ? { outputs: preview(news) } : this.buildAndPush(news, ctx);
  }

  /** The real provider does not ask for the image either. */
  read(
    id: string,
    inputs: Props = {},
    outputs: Props = {},
    _ctx: StepContext,
  ): Promise<({ id: string; inputs: Props } & Outputs) | undefined> {
    return Promise.resolve({ id, inputs, outputs });
  }

  /** The image stays in the registry and at the daemon. */
  delete(): Promise<void> {
    return Promise.resolve();
  }

  private async buildAndPush(inputs: Props, ctx: StepContext): Promise<Outputs> {
    const name = inputs["imageName"] as string;
    const build = inputs["build"] as { [key: string]: string } & { args?: Record<string, string> };
    const { context = ".", dockerfile = "", platform = "" } = build;
    const packed = buildTar(this.folder, context, dockerfile);
    await this.daemon.call(`build image ${name}`, ctx, async (docker) => {
      const options: ImageBuildOptions = {
        t: name,
        dockerfile: packed.dockerfile,
        buildargs: build.args ?? {},
        platform,
        version: "1",
      };
      await followBuild(docker, await docker.buildImage(packed.stream, options), ctx);
    });
    const { repository, tag } = parts(name);
    const digest = await this.daemon.call(`push image ${name}`, ctx, async (docker) => {
      // Without credentials the daemon still wants the header that has them.
      const options = { tag, authconfig: {} } as ImagePushOptions;
      return followPush(docker, await docker.getImage(repository).push(options), ctx);
    });
    return {
      outputs: {
        baseImageName: name,
        context,
        dockerfile: packed.dockerfile,
        imageName: name,
        platform,
        registryServer: "",
        repoDigest: `${repository}@${digest}`,
        __inputs: inputs,
      },
      secretOutputs: ["__inputs"],
    };
  }
}

/** What a preview knows: the digest is left out, and so not known. */
function preview(inputs: Props): Props {
  const build = inputs["build"] as Props;
  return {
    baseImageName: inputs["imageName"] ?? UNKNOWN,
    imageName: inputs["imageName"] ?? UNKNOWN,
    context: build["context"] ?? UNKNOWN,
    dockerfile: build["dockerfile"] ?? UNKNOWN,
    platform: build["platform"] ?? UNKNOWN,
    registryServer: "",
    repoDigest: UNKNOWN,
  };
}

/** A failed build says which command failed: its last lines of output are part of the error. */
async function followBuild(
  docker: Docker,
  stream: NodeJS.ReadableStream,
  ctx: StepContext,
): Promise<void> {
  let output = "";
  const layers = layerSteps((text) => ctx.log("info", text, true));
  try {
    await follow(docker, stream, (event) => {
      layers(event);
      const text = event.stream?.trimEnd() ?? "";
      if (text === "") return;
      output += `${text}\n`;
      ctx.log("info", text, true);
    });
  } catch (error) {
    const last = output.trimEnd().split("\n").slice(-20).join("\n");
    if (last === "") throw error;
    throw new Error(`${(error as Error).message}\n${last}`, { cause: error });
  }
}

async function followPush(
  docker: Docker,
  stream: NodeJS.ReadableStream,
  ctx: StepContext,
): Promise<string> {
  let digest: string | undefined;
  const layers = layerSteps((text) => ctx.log("info", text, true));
  await follow(docker, stream, (event) => {
    layers(event);
    digest = event.aux?.Digest ?? digest;
  });
  if (digest === undefined) throw new Error("docker ended the push without a digest");
  return digest;
}

/** `10.0.0.1:5000/app:1.0` as repository and tag. */
function parts(name: string): { repository: string; tag: string } {
  const [, repository = name, tag = "latest"] = /^(.*?)(?::([^:/]+))?$/.exec(name) ?? [];
  return { repository, tag };
}

const defaultDockerfile = (context: Value): Value =>
  context === UNKNOWN ? UNKNOWN : join(context as string, "Dockerfile");

const isSet = (value: Value | undefined): boolean =>
  value !== undefined && value !== null && value !== false;

function without(props: Props, names: readonly string[]): Props {
  return Object.fromEntries(Object.entries(props).filter(([name]) => !names.includes(name)));
}
