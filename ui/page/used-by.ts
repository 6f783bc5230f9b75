import type { PodInUse } from "../page-info";

/** A tag and what it names. */
export interface UsedImage {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  /** The digests of its platforms: a runtime may report one of these. */
  readonly platformDigests: readonly string[];
}

/** A Pod that uses an image, and how. */
export interface Use {
  readonly pod: PodInUse;
  /** True if the Pod names this tag or digest; false if it runs the same digest under another name. */
  readonly byName: boolean;
}

/** The Pods whose containers name the tag or run its digest. @param registry `ADDRESS:PORT` */
export function usesOf(
  registry: string,
  { repository, tag, digest, platformDigests }: UsedImage,
  pods: readonly PodInUse[],
): Use[] {
  const name = `${registry}/${repository}`;
  const digests = [digest, ...platformDigests].map((each) => `${name}@${each}`);
  return pods.flatMap((pod) => {
    const byName = pod.images.some(({ image }) => isNamed(image, name, tag, digest));
    const runs = pod.images.some(
      ({ imageId }) => imageId !== undefined && digests.includes(imageId.replace(/^.*:\/\//, "")),
    );
    return byName || runs ? [{ pod, byName }] : [];
  });
}

/** A reference without tag and digest means `latest`. With both, the digest counts. */
function isNamed(image: string, name: string, tag: string, digest: string): boolean {
  if (!image.startsWith(name)) return false;
  const rest = image.slice(name.length);
  if (rest === "") return tag === "latest";
  const at = rest.indexOf("@");
  if (at >= 0) return rest.slice(at + 1) === digest && /^(:[^/@]+)?$/.test(rest.slice(0, at));
  return rest === `:${tag}`;
}

export const podName = ({ namespace, name }: PodInUse) => `${namespace}/${name}`;
