import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { contentHash } from "../build-context/content-hash";
import { ignoreText } from "../build-context/ignored";
import { contentOf, labelled } from "../build-context/labelled";
import { withConnection } from "../observation/hosts";
import { configOf } from "../oci/config";
import type { HostAccess } from "../settings/access";
import { imageNameProblems } from "../settings/image-name";
import { type Problem, problemList } from "../settings/problem";
import type { Connection } from "../ssh/connection";
import { imageAlone } from "./alone";
import type { HostArgs } from "./args";
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

interface Given {
  registry: string;
  name: string;
  version: string;
  context: string;
  dockerfile: string;
  buildArgs: Record<string, string>;
  platform?: string;
  mutable: boolean;
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
    const given = pulumi.unsecret(pulumi.output(own)).apply((values) => checked(name, values));
    // A wrong argument is refused before a connection to the host is made.
    const registry = given.apply((values) => values.registry);
    const plan = imageAlone(name, { host, registry }, opts);
    const build = pulumi
      .all([given, plan.access])
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

const referenceOf = ({ registry, name, version }: Given): string =>
  `${registry}/${name}:${version}`;

function checked(resource: string, values: Partial<Given>): Given {
  const { registry = "", name = resource, version = "", context = "" } = values;
  const { dockerfile = join(context, "Dockerfile"), buildArgs = {}, mutable = false } = values;
  const problems: Problem[] = imageNameProblems(registry, name, version);
  if (context === "" || !existsSync(context))
    problems.push({ path: "context", reason: `expected a folder, found none at ${context}` });
  else if (!existsSync(dockerfile))
    problems.push({ path: "dockerfile", reason: `expected a file, found none at ${dockerfile}` });
  if (problems.length > 0) throw refusal(problemList(`AppImage ${resource}`, problems));
  const { platform } = values;
  const given = { registry, name, version, context, dockerfile, buildArgs, mutable };
  return platform === undefined ? given : { ...given, platform };
}

/** Compares the content with the registry's, and writes the Dockerfile that has the content's hash. */
async function prepare(resource: string, given: Given, access: HostAccess) {
  return withConnection(access, async (connection) => {
    const platform = given.platform ?? (await platformOf(connection));
    const dockerfile = readFileSync(given.dockerfile, "utf8");
    const ignore = ownIgnore(given);
    const { context: folder, buildArgs } = given;
    const hash = contentHash({ folder, dockerfile, ignore, buildArgs, platform });
    if (!given.mutable) await refuseOther(given, hash, connection, access.name);
    const file = join(CACHE, pulumi.getStack(), `${resource}.Dockerfile`);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, labelled(dockerfile, hash));
    writeFileSync(`${file}.dockerignore`, ignore);
    return { dockerfile: file, platform };
  });
}

/** Where npm's tools keep what they make. */
const CACHE = join("node_modules", ".cache", "cluster-registry");

/** The written Dockerfiles are no part of a folder that contains them. */
function ownIgnore({ context, dockerfile }: Given): string {
  const inside = relative(context, CACHE);
  const text = ignoreText(context, dockerfile);
  return inside.startsWith("..") ? text : `${text}\n${inside}\n`;
}

async function refuseOther(given: Given, hash: string, connection: Connection, host: string) {
  const { registry, name, version } = given;
  const [, address = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(registry) ?? [];
  const via = async () => {
    const stream = await connection.forward(address, Number(port));
    return { createConnection: () => stream };
  };
  const found = await configOf(via, name, version);
  if (found === undefined || contentOf(found) === hash) return;
  throw refusal(
    `${host}: the registry ${registry} has ${name}:${version} with other content: bump the version, ` +
      "or set mutable: true to overwrite it. Nothing was built",
  );
}

const PLATFORMS: Record<string, string> = { x86_64: "linux/amd64", aarch64: "linux/arm64" };

async function platformOf(connection: Connection): Promise<string> {
  const machine = (await connection.exec("uname -m")).stdout.toString().trim();
  const platform = PLATFORMS[machine];
  if (platform !== undefined) return platform;
  throw refusal(`expected x86_64 or aarch64 from uname -m, found ${machine}: set platform`);
}
