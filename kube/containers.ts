import type { ApiObject } from "./api-server";
import { object, objects, text } from "./json";

/** An image as a container names it, and as the node has it. */
export interface ContainerImage {
  /** The reference in the Pod's specification. */
  readonly image: string;
  /** What the node's runtime pulled, with its digest; undefined before the pull, and in a template. */
  readonly imageId?: string;
}

const KINDS = [
  { containers: "initContainers", statuses: "initContainerStatuses" },
  { containers: "containers", statuses: "containerStatuses" },
  { containers: "ephemeralContainers", statuses: "ephemeralContainerStatuses" },
] as const;

/** The images of all containers of a Pod, or of a Pod's template, which has no status. */
export function containerImages(spec: unknown, status?: unknown): ContainerImage[] {
  return KINDS.flatMap(({ containers, statuses }) => {
    const known = objects(object(status)[statuses]);
    return objects(object(spec)[containers]).map((container) => {
      const imageId = text(known.find(({ name }) => name === container["name"])?.["imageID"]);
      return { image: text(container["image"]), ...(imageId !== "" && { imageId }) };
    });
  });
}

/** The images that a Pod mounts as volumes. */
export const volumeImages = (spec: ApiObject): string[] =>
  objects(spec["volumes"]).flatMap((volume) => {
    const reference = text(object(volume["image"])["reference"]);
    return reference === "" ? [] : [reference];
  });
