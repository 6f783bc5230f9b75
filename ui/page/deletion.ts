import { compareTags } from "../../registry/tag-order";
import { bytesOf, contentOf } from "../../registry/image";
import type { TagRow } from "./repository-state";
import { companionOf } from "./sort-tags";

/** What a deletion of tags means for one digest. */
export interface DigestFate {
  readonly digest: string;
  readonly going: readonly string[];
  /** The tags that keep the digest. */
  readonly staying: readonly string[];
}

export interface DeletionPlan {
  readonly digests: readonly DigestFate[];
  /** Tags that could not be read. They are deleted all the same. */
  readonly unread: readonly string[];
  /** Tags with signatures and attestations of digests that go, as cosign names them. */
  readonly companions: readonly string[];
  /**
   * The bytes that only the going images have, as far as the repository is read. Another repository may share them.
   * Undefined until all going images are read.
   */
  readonly bytes?: number;
}

/** What happens if `going` are deleted. @param all all tags of the repository */
export function planDeletion(all: readonly TagRow[], going: ReadonlySet<string>): DeletionPlan {
  const byDigest = new Map<string, { going: string[]; staying: string[] }>();
  for (const { name, digest } of all) {
    if (digest === undefined) continue;
    const fate = byDigest.get(digest) ?? { going: [], staying: [] };
    (going.has(name) ? fate.going : fate.staying).push(name);
    byDigest.set(digest, fate);
  }
  const digests = [...byDigest]
    .map(([digest, { going: some, staying }]) => ({
      digest,
      going: some.sort(compareTags),
      staying: staying.sort(compareTags),
    }))
    .filter((fate) => fate.going.length > 0);
  const gone = new Set(
    digests.filter(({ staying }) => staying.length === 0).map(({ digest }) => digest),
  );
  const isRead = all.every(
    ({ digest, image, trouble }) =>
      !gone.has(digest ?? "") || image !== undefined || trouble !== undefined,
  );
  return {
    digests,
    unread: all
      .filter(({ name, digest }) => going.has(name) && digest === undefined)
      .map(({ name }) => name),
    companions: all
      .filter(({ name }) => !going.has(name) && gone.has(companionOf(name) ?? ""))
      .map(({ name }) => name),
    ...(isRead && { bytes: bytesOnlyOf(all, gone) }),
  };
}

function bytesOnlyOf(all: readonly TagRow[], gone: ReadonlySet<string>): number {
  const content = new Map<string, number>();
  const add = (isGone: boolean, each: (digest: string, size: number) => void) => {
    for (const { digest, image } of all)
      if (image !== undefined && gone.has(digest ?? "") === isGone)
        contentOf(image).forEach((size, of) => each(of, size));
  };
  add(true, (digest, size) => content.set(digest, size));
  add(false, (digest) => content.delete(digest));
  return bytesOf(content);
}
