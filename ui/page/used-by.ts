import type { ImageUser } from "../page-info";
import { count } from "./text";

/** A tag and what it names. */
export interface UsedImage {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  /** The digests of its platforms: a runtime may report one of these. */
  readonly platformDigests: readonly string[];
}

/** A Pod or a workload that needs an image, and how. */
export interface Use {
  readonly by: string;
  /** True if it runs the same digest under another tag of the repository. */
  readonly byOtherTag: boolean;
}

/** The Pods and workloads that name the tag, or need its digest. */
export function usesOf(
  { repository, tag, digest, platformDigests }: UsedImage,
  users: readonly ImageUser[],
): Use[] {
  const name = `${repository}:${tag}`;
  const digests = [digest, ...platformDigests].map((each) => `${repository}@${each}`);
  return users.flatMap(({ by, images }) => {
    if (images.includes(name)) return [{ by, byOtherTag: false }];
    if (!images.some((image) => digests.includes(image))) return [];
    return [{ by, byOtherTag: images.some((image) => image.startsWith(`${repository}:`)) }];
  });
}

/** A user without the word `Pod`, because most are Pods. */
export const userName = (by: string) => by.replace(/^Pod /, "");

/** Users of one sort, for people. */
export interface Group {
  /** Such as `2 Pods`. */
  readonly sum: string;
  /** What they do with the image. A workload without Pods only names it. */
  readonly verb: string;
  readonly names: readonly string[];
}

/** The Pods, and then the workloads; without those of which there are none. */
export function groupsOf(users: readonly string[]): Group[] {
  const isPod = (by: string) => by.startsWith("Pod ");
  return [
    { noun: "Pod", verb: "use", found: users.filter(isPod) },
    { noun: "workload", verb: "name", found: users.filter((by) => !isPod(by)) },
  ]
    .filter(({ found }) => found.length > 0)
    .map(({ noun, verb, found }) => ({
      sum: count(found.length, noun),
      verb: found.length === 1 ? `${verb}s` : verb,
      names: found.map(userName),
    }));
}
