import type { Past } from "../observation/past";
import type { Settings } from "../settings/schema";
import { imagePrefix } from "./plan";

/** What another address or port of the registry means: image names begin with it. */
export function shapeNotes(settings: Settings, { registries }: Pick<Past, "registries">): string[] {
  const now = imagePrefix(settings);
  const [last] = registries.filter(({ container }) => container !== undefined);
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
