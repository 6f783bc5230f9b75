import type { RegistryClient } from "../registry/client";
import type { Manifest } from "../registry/manifest";
import { inParallel } from "../registry/pool";
import { isSchema1, parseAnySchema } from "../registry/schema-1";
import { byRepository, type Listing, type StoredRevision, type StoredTag } from "./listing";
import { type Expired, expiredTags, type RetentionRule, subjectOf } from "./retention";

/** What a clean-up removes, and what that frees. */
export interface Plan {
  readonly expired: readonly Expired[];
  /** Manifests that no tag leads to, and no Pod or other workload by digest. */
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
 * Plans a clean-up: the tags that the rules remove, then the manifests that nothing leads to, then the blobs that no
 * manifest needs.
 *
 * @param now in seconds since 1970
 * @param isUsed whether the cluster needs a tag (undefined: none), or one of these digests
 * @throws Error if a manifest cannot be read: what it needs is then unknown
 */
export async function planCleanUp(
  client: RegistryClient,
  listing: Listing,
  rules: readonly RetentionRule[],
  now: number,
  isUsed: (repository: string, tag: string | undefined, digests: readonly string[]) => boolean,
): Promise<Plan> {
  const graphs = await readGraphs(client, listing.revisions);
  const uses = ({ repository, name, digest }: StoredTag) =>
    isUsed(repository, name, [...(graphs.get(repository)?.reach([digest]) ?? [digest])]);
  const stays = ({ repository, digest, pushed }: StoredRevision) =>
    pushed > now - GRACE || isUsed(repository, undefined, [digest]);
  const roots = listing.revisions.filter(stays);
  const expired = withoutNeeded(
    expiredTags(listing.tags, rules, now, uses),
    listing.tags,
    roots,
    graphs,
  );
  const staying = stayingTags(listing.tags, expired);
  const reached = reachedFrom([...staying, ...roots], graphs);
  const untagged: StoredRevision[] = [];
  const needed = new Map<string, number>();
  const holding = new Set<string>();
  for (const revision of listing.revisions) {
    const { repository, digest } = revision;
    if (reached.get(repository)?.has(digest) === true) {
      holding.add(repository);
      addContent(needed, graphs.get(repository)?.manifests.get(digest), digest, listing);
    } else untagged.push(revision);
  }
  let proof: { tag: StoredTag; size: number } | undefined;
  for (const tag of staying) {
    const own = graphs.get(tag.repository)?.manifests;
    const size = own && pullSize(own, tag.digest, listing);
    if (size !== undefined && (proof === undefined || size < proof.size)) proof = { tag, size };
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

type Graphs = ReadonlyMap<string, Graph>;

/** The manifests of one repository by digest, and what leads to what. One that the registry has lost is missing. */
class Graph {
  readonly manifests = new Map<string, Manifest>();
  private readonly referrers = new Map<string, string[]>();

  add(manifest: Manifest, digest: string): void {
    this.manifests.set(digest, manifest);
    const subject = manifest.subject?.digest;
    if (subject === undefined) return;
    const others = this.referrers.get(subject);
    if (others === undefined) this.referrers.set(subject, [digest]);
    else others.push(digest);
  }

  /** The digests themselves, the entries of an index, and what names one of these as its subject. */
  reach(digests: readonly string[]): Set<string> {
    const reached = new Set(digests);
    // A set's iteration goes on to what is added meanwhile.
    for (const digest of reached) {
      this.manifests.get(digest)?.manifests.forEach((entry) => reached.add(entry.digest));
      this.referrers.get(digest)?.forEach((referrer) => reached.add(referrer));
    }
    return reached;
  }
}

async function readGraphs(
  client: RegistryClient,
  revisions: readonly StoredRevision[],
): Promise<Graphs> {
  const found = new Map(revisions.map(({ repository }) => [repository, new Graph()]));
  await inParallel(revisions, PARALLEL, async ({ repository, digest }) => {
    const manifest = await read(client, repository, digest).catch((error: unknown) => {
      throw new Error(`${repository}: ${(error as Error).message}; nothing was removed`, {
        cause: error,
      });
    });
    if (manifest !== undefined) found.get(repository)!.add(manifest, digest);
  });
  return found;
}

/** A manifest of any schema: also one that no current runtime can run needs its layers while it is tagged. */
async function read(
  client: RegistryClient,
  repository: string,
  digest: string,
): Promise<Manifest | undefined> {
  const found = await client.manifestContent(repository, digest);
  return found && parseAnySchema(digest, found.mediaType, found.content);
}

/** What some tags and manifests lead to, by repository. */
function reachedFrom(
  roots: readonly { repository: string; digest: string }[],
  graphs: Graphs,
): Map<string, Set<string>> {
  const reached = new Map<string, Set<string>>();
  for (const [repository, own] of byRepository(roots)) {
    const digests = own.map(({ digest }) => digest);
    reached.set(repository, graphs.get(repository)?.reach(digests) ?? new Set(digests));
  }
  return reached;
}

const stayingTags = (tags: readonly StoredTag[], expired: readonly Expired[]) => {
  const going = new Set(expired.map(({ tag }) => tag));
  return tags.filter((tag) => !going.has(tag));
};

/**
 * The tags that can go. A signature's tag stays with its image, and an image can stay without a tag of its own: as part of
 * an index, or because the cluster uses its digest.
 */
function withoutNeeded(
  expired: readonly Expired[],
  tags: readonly StoredTag[],
  roots: readonly StoredRevision[],
  graphs: Graphs,
): readonly Expired[] {
  const reached = reachedFrom([...stayingTags(tags, expired), ...roots], graphs);
  const left = expired.filter(({ tag: { repository, name } }) => {
    const subject = subjectOf(name);
    return subject === undefined || reached.get(repository)?.has(subject) !== true;
  });
  return left.length === expired.length ? left : withoutNeeded(left, tags, roots, graphs);
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

/**
 * The bytes of a pull of everything that a digest names; undefined if the registry has not all of it, or if no current
 * runtime can pull it.
 */
function pullSize(
  own: ReadonlyMap<string, Manifest>,
  digest: string,
  { blobs }: Pick<Listing, "blobs">,
): number | undefined {
  const manifest = own.get(digest);
  if (manifest === undefined || isSchema1(manifest)) return undefined;
  let size = 0;
  for (const part of [...manifest.layers, ...(manifest.config ? [manifest.config] : [])]) {
    // A layer of Windows can be elsewhere.
    if (!blobs.has(part.digest)) return undefined;
    size += part.size;
  }
  for (const entry of manifest.manifests) {
    const below = pullSize(own, entry.digest, { blobs });
    if (below === undefined) return undefined;
    size += below;
  }
  return size;
}
