import type { Past, PastRegistry } from "../observation/past";
import type { Settings } from "../settings/schema";
import { imagePrefix } from "./plan";
import { batchesOf } from "./rollout";

/**
 * What another address, port or image of the registry means.
 *
 * @param skipped the names of nodes that this run leaves as they are. @default none
 */
export function shapeNotes(
  settings: Settings,
  { registries }: Pick<Past, "registries">,
  skipped: readonly string[] = [],
): string[] {
  const [last] = registries.filter(({ container }) => container !== undefined);
  return [...nameNotes(settings, last, skipped), ...imageNotes(settings, last)];
}

/** Image names begin with the address and the port. */
function nameNotes(
  settings: Settings,
  last: PastRegistry | undefined,
  skipped: readonly string[],
): string[] {
  const now = imagePrefix(settings);
  const before = last?.imagePrefix;
  if (before === undefined || before === now) return [];
  const stays = last?.host === settings.registry.host;
  const order = stays
    ? "The registry is replaced first, which takes seconds, and then the nodes change. In between, a node can pull from neither name."
    : `The new registry starts first, then the nodes change, and the one on ${last?.host} goes last, so every node that changes always has one that runs.`;
  const slow = stays ? rolloutNotes(settings, skipped) : [];
  const details = [order, ...slow, ...skippedNotes(skipped)].join(" ");
  return [
    `the registry's name in images changes from ${before} to ${now}. ${details} ` +
      `Containers that run go on. Workloads that name ${before}/... cannot pull any more after it: change their image names`,
  ];
}

/** With batches, the time between the old name and the new one is that of the whole rollout. */
function rolloutNotes(settings: Settings, skipped: readonly string[]): string[] {
  const names = settings.nodes.map(({ name }) => name).filter((name) => !skipped.includes(name));
  if (settings.rollout === undefined || batchesOf(settings, new Set(names)).length < 2) return [];
  return [
    "With rollout, that lasts until the node's own batch, and a batch that fails leaves the later ones so. Without rollout for this change, all nodes move within seconds.",
  ];
}

function skippedNotes(skipped: readonly string[]): string[] {
  if (skipped.length === 0) return [];
  return [
    `A node that is skipped (${skipped.join(", ")}) keeps the old name, under which no registry runs after this run, and cannot pull until an up covers it: make it ready first.`,
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
