import { type ApiObject, ApiServer } from "./api-server";
import { withHint } from "./api-error";
import { loadCluster } from "./kubeconfig";
import { object, objects, text } from "./json";
import { listObjects } from "./list";

/** A Pod that runs, or that will run. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  /** The images of all its containers. */
  readonly images: readonly PodImage[];
}

/** An image as a container names it, and as the node has it. */
export interface PodImage {
  /** The reference in the Pod's specification. */
  readonly image: string;
  /** What the node's runtime pulled, with its digest; undefined before the pull. */
  readonly imageId?: string;
}

/** The limit for all pages together. */
const LIST_SECONDS = 30;
/** Phases of Pods whose containers have ended for good. */
const ENDED = ["Succeeded", "Failed"];

/**
 * Reads the Pods of all namespaces. Pods that have ended are left out.
 *
 * @param file the kubeconfig's path
 * @param context @default the kubeconfig's current context
 * @throws an error with the server's name if it does not answer, or refuses the request
 */
export async function readPods({
  file,
  context,
}: {
  file: string;
  context?: string | undefined;
}): Promise<Pod[]> {
  const config = await loadCluster({ kubeconfig: file, context }, "/");
  try {
    const signal = AbortSignal.timeout(LIST_SECONDS * 1000);
    return podsOf(await listObjects(new ApiServer(config), "/api/v1/pods", {}, signal));
  } catch (error) {
    throw withHint(error, {
      Forbidden:
        "let the kubeconfig's user list Pods, as with `kubectl create clusterrole NAME --verb=list --resource=pods` and a binding",
      Expired: "try again: the list of Pods changed while it was read",
    });
  }
}

/** What Pod objects say of their images. */
export function podsOf(found: readonly ApiObject[]): Pod[] {
  return found
    .filter(({ status }) => !ENDED.includes(text(object(status)["phase"])))
    .map(({ metadata, spec, status }) => ({
      namespace: text(object(metadata)["namespace"]),
      name: text(object(metadata)["name"]),
      images: KINDS.flatMap(({ containers, statuses }) => {
        const known = objects(object(status)[statuses]);
        return objects(object(spec)[containers]).map((container) => {
          const state = known.find(({ name }) => name === container["name"]);
          const imageId = text(state?.["imageID"]);
          return { image: text(container["image"]), ...(imageId !== "" && { imageId }) };
        });
      }),
    }));
}

const KINDS = [
  { containers: "initContainers", statuses: "initContainerStatuses" },
  { containers: "containers", statuses: "containerStatuses" },
  { containers: "ephemeralContainers", statuses: "ephemeralContainerStatuses" },
] as const;
