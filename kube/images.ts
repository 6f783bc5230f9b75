import { withHint } from "./api-error";
import { type ApiObject, ApiServer } from "./api-server";
import { containerImages, volumeImages } from "./containers";
import { object, text } from "./json";
import { loadCluster } from "./kubeconfig";
import { listObjects } from "./list";

/** An image that something in the cluster needs. */
export interface ImageUse {
  /** The image as the object names it, or the digest reference that a node reports. */
  readonly image: string;
  /** `Pod NAMESPACE/NAME`. */
  readonly by: string;
}

/** The kinds that name images. A Pod that a controller makes later needs the image of its template. */
const KINDS = [
  { kind: "Pod", path: "/api/v1/pods" },
  { kind: "ReplicationController", path: "/api/v1/replicationcontrollers" },
  { kind: "Deployment", path: "/apis/apps/v1/deployments" },
  { kind: "ReplicaSet", path: "/apis/apps/v1/replicasets" },
  { kind: "StatefulSet", path: "/apis/apps/v1/statefulsets" },
  { kind: "DaemonSet", path: "/apis/apps/v1/daemonsets" },
  { kind: "Job", path: "/apis/batch/v1/jobs" },
  { kind: "CronJob", path: "/apis/batch/v1/cronjobs" },
] as const;

const LIST_SECONDS = 60;

/**
 * The images that the cluster's Pods and workloads name, with the digests that nodes have pulled. A ReplicaSet counts
 * also with no replicas, because `kubectl rollout undo` goes back to it.
 *
 * @throws Error with the server's name if it does not answer, or refuses: then nothing is known
 */
export async function imagesInUse(cluster: {
  file: string;
  context?: string | undefined;
}): Promise<ImageUse[]> {
  const config = await loadCluster({ kubeconfig: cluster.file, context: cluster.context }, "/");
  const api = new ApiServer(config);
  const signal = AbortSignal.timeout(LIST_SECONDS * 1000);
  try {
    const uses = await Promise.all(
      KINDS.map(async ({ kind, path }) => {
        const found = await listObjects(api, path, {}, signal);
        return found.flatMap((each) => usesOf(kind, each));
      }),
    );
    return uses.flat();
  } catch (error) {
    throw withHint(error, {
      Forbidden:
        "let the kubeconfig's user list Pods and workloads in all namespaces, as the ClusterRole `view` does",
    });
  }
}

/** The images that one object names. */
export function usesOf(kind: string, { metadata, spec, status }: ApiObject): ImageUse[] {
  const { namespace, name } = object(metadata);
  const by = `${kind} ${text(namespace)}/${text(name)}`;
  const pod = podSpecOf(kind, object(spec));
  const containers = containerImages(pod, kind === "Pod" ? status : undefined);
  const images = [
    ...containers.map(({ image }) => image),
    ...volumeImages(pod),
    ...containers.flatMap(({ image, imageId }) => pulled(image, imageId)),
  ].filter((image) => image !== "");
  return [...new Set(images)].map((image) => ({ image, by }));
}

function podSpecOf(kind: string, spec: ApiObject): ApiObject {
  if (kind === "Pod") return spec;
  if (kind === "CronJob") return podSpecOf("Job", object(object(spec["jobTemplate"])["spec"]));
  return object(object(spec["template"])["spec"]);
}

/**
 * The digest references of a container that runs or ran. The runtime reports one name of the digest, and that can be from
 * another registry that had the same image. The container needs it from the one that it names.
 */
function pulled(image: string, imageId: string | undefined): string[] {
  const reported = (imageId ?? "").replace(/^docker-pullable:\/\//, "");
  const at = reported.indexOf("@");
  if (at < 0) return []; // Only a digest of the image's config, for an image that was not pulled.
  const name = image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return [reported, `${name}${reported.slice(at)}`];
}
