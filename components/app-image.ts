import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { contentHash } from "../build-context/content-hash";
import { ignoreText } from "../build-context/ignored";
import { labelled } from "../build-context/labelled";
import { withConnection } from "../observation/hosts";
import type { HostAccess } from "../settings/access";
import type { Connection } from "../ssh/connection";
import { imageAlone } from "./alone";
import type { HostArgs } from "./args";
import { type ImageArguments, imageArguments, referenceOf } from "./image-arguments";
import { knownInputs } from "./known-inputs";
import { refuseOtherContent } from "./other-content";
import { planOf } from "./planned";
import type { AppImagePlan } from "./plans";
import { refusal, withoutStack } from "./refusal";

/** Arguments of {@link AppImage}. */
export interface AppImageArgs {
  /** The host whose docker builds the image, and how to log in to it. It must have Docker, see `DockerHost`. */
  host: pulumi.Input<HostArgs>;
  /** The registry as in image names, `ADDRESS:PORT`: the `imagePrefix` of a ClusterRegistry. */
  registry: pulumi.Input<string>;
  /** The repository, without a registry and without a tag. @default the resource's name */
  name?: pulumi.Input<string>;
  /** The tag, e.g. `1.0`. */
  version: pulumi.Input<string>;
  /** The folder to build, from the program's folder. */
  context: pulumi.Input<string>;
  /** The Dockerfile, from the program's folder. @default the context's `Dockerfile` */
  dockerfile?: pulumi.Input<string>;
  /** Build arguments. They can be read in the image's history, so they must not be secrets. @default none */
  buildArgs?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** E.g. `linux/arm64`. @default the host's */
  platform?: pulumi.Input<string>;
  /** Overwrite a version that the registry has with other content. @default false */
  mutable?: pulumi.Input<boolean>;
}

/**
 * An image that is built from a folder by the registry host's docker, and pushed to the registry. It is built again only
 * if the content of the folder, the Dockerfile or the build arguments change. A version that the registry has with other
 * content is refused before anything is built. Deleting the resource leaves the image in the registry, since Pods use it.
 *
 * Only AppImage refuses: the registry itself lets every client overwrite a tag.
 */
export class AppImage extends pulumi.ComponentResource {
  /** `ADDRESS:PORT/name:version`, once it is pushed. */
  readonly reference: pulumi.Output<string>;
  /** `sha256:...` */
  readonly digest: pulumi.Output<string>;
  /** `ADDRESS:PORT/name@sha256:...` */
  readonly digestReference: pulumi.Output<string>;

  constructor(name: string, args: AppImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:AppImage", name, {}, opts);
    const { host, ...own } = args;
    // A wrong argument is refused before a connection to the host is made, and before the others are known.
    const given = pulumi
      .unsecret(pulumi.output(refuseWrong(name, own).then(() => own)))
      .apply((values) => imageArguments(name, values));
    const registry = given.apply((values) => values.registry);
    const plan = planOf<AppImagePlan>(args) ?? imageAlone(name, { host, registry }, opts);
    const build = pulumi
      .all([given, pulumi.output(plan.access)])
      .apply(([values, access]) => withoutStack(prepare(name, values, access)));
    const provider = new docker.Provider(
      `${name}-docker`,
      { host: plan.dockerHost, sshOpts: plan.sshOpts },
      { parent: this },
    );
    const image = new docker.Image(
      `${name}-image`,
      {
        imageName: given.apply(referenceOf),
        build: {
          context: given.apply(({ context }) => context),
          dockerfile: build.apply(({ dockerfile }) => dockerfile),
          args: given.apply(({ buildArgs }) => buildArgs),
          platform: build.apply(({ platform }) => platform),
          builderVersion: docker.BuilderVersion.BuilderV1,
        },
      },
      { parent: this, provider },
    );
    this.reference = image.imageName;
    this.digestReference = image.repoDigest;
    this.digest = image.repoDigest.apply((digest) => digest.replace(/^.*@/, ""));
    this.registerOutputs({
      reference: this.reference,
      digest: this.digest,
      digestReference: this.digestReference,
    });
  }
}

async function refuseWrong(resource: string, args: Omit<AppImageArgs, "host">): Promise<void> {
  const { values, unknown } = await knownInputs(args);
  imageArguments(resource, values, unknown);
}

/** Compares the content with the registry's, and writes the Dockerfile that has the content's hash. */
async function prepare(resource: string, given: ImageArguments, access: HostAccess) {
  return withConnection(access, async (connection) => {
    const platform = given.platform ?? (await platformOf(connection));
    const dockerfile = readFileSync(given.dockerfile, "utf8");
    const ignore = ownIgnore(given);
    const { context: folder, buildArgs } = given;
    const file = join(CACHE, pulumi.getStack(), `${resource}.Dockerfile`);
    // A folder that is made later would be new content, if the context contains it.
    mkdirSync(join(file, ".."), { recursive: true });
    const hash = contentHash({ folder, dockerfile, ignore, buildArgs, platform });
    if (!given.mutable) await refuseOtherContent(given, hash, connection, access.name);
    writeFileSync(file, labelled(dockerfile, hash));
    writeFileSync(`${file}.dockerignore`, ignore);
    return { dockerfile: file, platform };
  });
}

/** Where npm's tools keep what they make. */
const CACHE = join("node_modules", ".cache", "cluster-registry");

/** The written Dockerfiles are no part of a folder that contains them. */
function ownIgnore({ context, dockerfile }: ImageArguments): string {
  const inside = relative(context, CACHE);
  const text = ignoreText(context, dockerfile);
  return inside.startsWith("..") ? text : `${text}\n${inside}\n`;
}

const PLATFORMS: Record<string, string> = { x86_64: "linux/amd64", aarch64: "linux/arm64" };

async function platformOf(connection: Connection): Promise<string> {
  const machine = (await connection.exec("uname -m")).stdout.toString().trim();
  const platform = PLATFORMS[machine];
  if (platform !== undefined) return platform;
  throw refusal(`expected x86_64 or aarch64 from uname -m, found ${machine}: set platform`);
}
