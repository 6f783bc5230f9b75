import type { ImageInspectInfo } from "dockerode";
import type { StepContext } from "../provider";
import { input, output, refused, required, string } from "./attributes";
import type { ResourceType } from "./bridged";
import type { Daemon } from "./daemon";
import { follow, layerSteps } from "./progress";

/** Twenty minutes in nanoseconds: the timeouts that the real provider stores in the state of a slow resource. */
export const TWENTY_MINUTES = {
  "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0": {
    create: 1_200_000_000_000,
    delete: 1_200_000_000_000,
    update: 1_200_000_000_000,
  },
};

/** docker:index/remoteImage:RemoteImage */
export const remoteImage: ResourceType = {
  attributes: {
    build: refused("single"),
    forceRemove: refused("value"),
    imageId: output("value"),
    keepLocally: input("value", "boolean"),
    name: required(string({ replaces: true })),
    platform: refused("value"),
    pullTriggers: refused("set"),
    repoDigest: output("value"),
    triggers: input("map", { mapOf: "string" }, { replaces: true }),
  },
  deleteBeforeReplace: false,
  meta: TWENTY_MINUTES,

  async create(daemon, inputs, ctx) {
    const name = inputs["name"] as string;
    const image = await findOrPull(daemon, name, ctx);
    return image.Id + name;
  },

  async read(daemon, id, held, ctx) {
    // A program that reads the image knows only its id. The id contains the name.
    const name = typeof held["name"] === "string" ? held["name"] : nameIn(id);
    const image = await inspectImage(daemon, name, ctx);
    if (image === undefined) return undefined;
    return {
      id: image.Id + name,
      properties: { name, imageId: image.Id, repoDigest: repoDigest(name, image.RepoDigests) },
    };
  },

  async update(daemon, _id, _old, inputs, ctx) {
    await findOrPull(daemon, inputs["name"] as string, ctx);
  },

  async delete(daemon, _id, held, ctx) {
    if (held["keepLocally"] === true) return;
    const name = held["name"] as string;
    await daemon.find(`remove image ${name}`, ctx, (docker) => docker.getImage(name).remove());
  },
};

const nameIn = (id: string): string => id.replace(/^sha256:[0-9a-f]{64}(?=.)/, "");

/** The image by name or id. If the daemon does not have it, it pulls the image (through its mirrors). */
export async function findOrPull(
  daemon: Daemon,
  name: string,
  ctx: StepContext,
): Promise<ImageInspectInfo> {
  const there = await inspectImage(daemon, name, ctx);
  if (there !== undefined) return there;
  await pull(daemon, name, ctx);
  const pulled = await inspectImage(daemon, name, ctx);
  if (pulled === undefined) throw new Error(`image ${name} was pulled and is not there`);
  return pulled;
}

function inspectImage(
  daemon: Daemon,
  name: string,
  ctx: StepContext,
): Promise<ImageInspectInfo | undefined> {
  return daemon.find(`inspect image ${name}`, ctx, (docker) => docker.getImage(name).inspect());
}

async function pull(daemon: Daemon, name: string, ctx: StepContext): Promise<void> {
  // Without a tag, the daemon would pull all tags.
  const reference = /[:@][^/]*$/.test(name) ? name : `${name}:latest`;
  await daemon.call(`pull image ${name}`, ctx, async (docker) => {
    const stream = await docker.pull(reference);
    const log = (text: string): void => ctx.log("info", text, true);
    await follow(docker, stream, layerSteps(log));
  });
}

/** The digest of an image that several registries have: the one under the requested name, else any. */
function repoDigest(name: string, digests: string[] | null | undefined): string {
  const [first, ...others] = digests ?? [];
  if (first === undefined || others.length === 0) return first ?? "";
  const bare = name.split(":")[0] ?? name;
  return [first, ...others].find((digest) => digest.startsWith(bare)) ?? first;
}
