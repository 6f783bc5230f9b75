import { type ApiObject, ApiServer } from "./api-server";
import { withHint } from "./api-error";
import { type ContainerImage, containerImages } from "./containers";
import { loadCluster } from "./kubeconfig";
import { object, text } from "./json";
import { listObjects } from "./list";

/** A Pod that runs, or that will run. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  /** The images of all its containers. */
  readonly images: readonly ContainerImage[];
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
      images: containerImages(spec, status),
    }));
}
