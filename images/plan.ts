import type { RegistryClient } from "../registry/client";
import type { Manifest } from "../registry/manifest";
import { inParallel } from "../registry/pool";
import { byRepository, type Listing, type StoredRevision, type StoredTag } from "./listing";
import { type Expired, expiredTags, type RetentionRule } from "./retention";

/** What a clean-up removes, and what that frees. */
export interface Plan {
  readonly expired: readonly Expired[];
  /** Manifests that no tag leads to. */
  readonly untagged: readonly StoredRevision[];
  /** Repositories that hold nothing at the end. */
  readonly emptied: readonly string[];
  /** How many blobs go, and their size in bytes. */
  readonly blobs: number;
  readonly bytes: number;
  /** A tag that stays, to prove with that images can still be pulled; undefined if none stays. */
  readonly proof?: StoredTag;
}

/**
 * A manifest without a tag may belong to a push that has not ended: an index is pushed after its images. So a young one
 * stays. In seconds.
 */
const GRACE = 60 * 60;
const PARALLEL = 8;

/**
 * Plans a clean-up: the tags that the rules remove, then the manifests that no tag leads to, then the blobs that no
 * manifest needs.
 *
 * @param now in seconds since 1970
 * @param isUsed whether the cluster needs a tag, or one of the digests that it leads to
 * @throws Error if a manifest of a tag cannot be read: what it needs is then unknown
 */
export async function planCleanUp(
  client: RegistryClient,
  listing: Listing,
  rules: readonly RetentionRule[],
  now: number,
  isUsed: (tag: StoredTag, digests: readonly string[]) => boolean,
): Promise<Plan> {
  const manifests = await readManifests(client, listing.revisions);
  const uses = (tag: StoredTag) =>
    isUsed(tag, [...reach(manifests.get(tag.repository) ?? new Map<string, Manifest>(), [tag])]);
  const expired = expiredTags(listing.tags, rules, now, uses);
  const going = new Set(expired.map(({ tag }) => tag));
  const staying = listing.tags.filter((tag) => !going.has(tag));
  const revisions = byRepository(listing.revisions);
  const tagsOf = byRepository(staying);
  const untagged: StoredRevision[] = [];
  const needed = new Map<string, number>();
  const holding = new Set<string>();
  let proof: { tag: StoredTag; size: number } | undefined;
  for (const [repository, own] of manifests) {
    const tags = tagsOf.get(repository) ?? [];
    const reached = reach(own, tags);
    for (const revision of revisions.get(repository) ?? []) {
      if (reached.has(revision.digest) || revision.pushed > now - GRACE) {
        holding.add(repository);
        addContent(needed, own.get(revision.digest), revision.digest, listing);
      } else untagged.push(revision);
    }
    for (const tag of tags) {
      const size = pullSize(own, tag.digest);
      if (size !== undefined && (proof === undefined || size < proof.size)) proof = { tag, size };
    }
  }
  const free = [...listing.blobs].filter(([digest]) => !needed.has(digest));
  return {
    expired,
    untagged,
    emptied: listing.repositories.filter(
      (repository) =>
        !holding.has(repository) && !listing.uploads.some((each) => each.repository === repository),
    ),
    blobs: free.length,
    bytes: free.reduce((sum, [, size]) => sum + size, 0),
    ...(proof !== undefined && { proof: proof.tag }),
  };
}

/** Manifests by repository and digest. One that the registry has lost is missing. */
type Manifests = Map<string, Map<string, Manifest>>;

async function readManifests(
  client: RegistryClient,
  revisions: readonly StoredRevision[],
): Promise<Manifests> {
  const found: Manifests = new Map<string, Map<string, Manifest>>();
  await inParallel(revisions, PARALLEL, async ({ repository, digest }) => {
    let own = found.get(repository);
    if (own === undefined) found.set(repository, (own = new Map<string, Manifest>()));
    const manifest = await client.manifest(repository, digest);
    if (manifest !== undefined) own.set(digest, manifest);
  });
  return found;
}

/** The manifests that tags lead to: their own, the entries of an index, and what names one of these as its subject. */
function reach(own: ReadonlyMap<string, Manifest>, tags: readonly StoredTag[]): Set<string> {
  const reached = new Set<string>();
  const visit = (digest: string) => {
    if (reached.has(digest)) return;
    reached.add(digest);
    own.get(digest)?.manifests.forEach((entry) => visit(entry.digest));
    for (const [referrer, { subject }] of own) if (subject?.digest === digest) visit(referrer);
  };
  tags.forEach(({ digest }) => visit(digest));
  return reached;
}

function addContent(
  needed: Map<string, number>,
  manifest: Manifest | undefined,
  digest: string,
  { blobs }: Listing,
): void {
  const parts = manifest === undefined ? [] : [...manifest.layers, ...manifest.manifests];
  const all = [digest, manifest?.config?.digest, ...parts.map((part) => part.digest)];
  for (const each of all) if (each !== undefined) needed.set(each, blobs.get(each) ?? 0);
}

/** The bytes of a pull of everything that a digest names; undefined if the registry has not all of it. */
function pullSize(own: ReadonlyMap<string, Manifest>, digest: string): number | undefined {
  const manifest = own.get(digest);
  if (manifest === undefined) return undefined;
  let size = 0;
  for (const part of [...manifest.layers, ...(manifest.config ? [manifest.config] : [])])
    size += part.size;
  for (const entry of manifest.manifests) {
    const below = pullSize(own, entry.digest);
    if (below === undefined) return undefined;
    size += below;
  }
  return size;
}
