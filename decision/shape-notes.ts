import type { Past, PastRegistry } from "../observation/past";
import type { Settings } from "../settings/schema";
import { imagePrefix } from "./plan";

/** What another address, port or image of the registry means. */
export function shapeNotes(settings: Settings, { registries }: Pick<Past, "registries">): string[] {
  const [last] = registries.filter(({ container }) => container !== undefined);
  return [...nameNotes(settings, last), ...imageNotes(settings, last)];
}

/** Image names begin with the address and the port. */
function nameNotes(settings: Settings, last: PastRegistry | undefined): string[] {
  const now = imagePrefix(settings);
  const before = last?.imagePrefix;
  if (before === undefined || before === now) return [];
  const order =
    last?.host === settings.registry.host
      ? "The registry is replaced first, which takes seconds, and then the nodes change. In between, a node can pull from neither name."
      : `The new registry starts first, then the nodes change, and the one on ${last?.host} goes last, so every node always has one that runs.`;
  return [
    `the registry's name in images changes from ${before} to ${now}. ${order} ` +
      `Containers that run go on. Workloads that name ${before}/... cannot pull any more after it: change their image names`,
  ];
}

/** A registry on another host is a new one: what becomes of the images is said elsewhere. */
function imageNotes({ registry }: Settings, last: PastRegistry | undefined): string[] {
  const { host, image } = registry;
  if (last?.image === undefined || last.image === image || last.host !== host) return [];
  return [
    `the registry's server changes from ${last.image} to ${image}. docker on ${host} pulls the new image first: if that fails, the present registry goes on. ` +
      "Unless both are the same image, its container is then replaced, and for some seconds nobody can pull from it or push to it. Its volume stays, with all images",
  ];
}
