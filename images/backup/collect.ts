import type { BlobStreams } from "../../registry/blob-streams";
import type { RegistryClient } from "../../registry/client";
import { RegistryError } from "../../registry/error";
import type { Descriptor } from "../../registry/manifest";
import { inParallel } from "../../registry/pool";
import { isSchema1, parseAnySchema } from "../../registry/schema-1";
import { byRepository, type StoredTag } from "../listing";
import { closureOf, partsOf, type Root, rootName, type StoredManifest } from "./layout";
import { inPushOrder } from "./push-order";
import { BrokenContent, drain, hashFor, verified } from "./verified";

/** The requests that run at the same time. */
const PARALLEL = 8;

/** A tag or manifest that cannot be backed up, and why. */
export interface Broken {
  readonly name: string;
  readonly why: string;
}

/** The two ways to read a registry. */
export interface Access {
  readonly client: RegistryClient;
  readonly streams: BlobStreams;
}

/** What a backup holds. */
export interface Collection {
  /** First the tags, in the order of repositories and of pushes, then the manifests without a tag. */
  readonly roots: readonly Root[];
  readonly manifests: ReadonlyMap<string, StoredManifest>;
  /** By digest, each with its size in bytes and a repository that has it, in the order of repositories. */
  readonly blobs: ReadonlyMap<string, { readonly repository: string; readonly size: number }>;
  readonly broken: readonly Broken[];
}

/** A manifest that a repository holds, with or without a tag. */
export interface Revision {
  readonly repository: string;
  readonly digest: string;
}

/** What the registry's volume holds; empty if it cannot be read, as with S3. */
export interface Volume {
  /** They say in which order the tags were pushed. */
  readonly tags: readonly StoredTag[];
  /** All manifests: an untagged one is part of the backup if its subject is. */
  readonly revisions: readonly Revision[];
}

/**
 * Reads all tags, with everything that they lead to. What is pushed from then on is not part of it.
 *
 * @param probe  `look` asks whether the registry has each blob; `read` reads each to its end, and checks it
 */
export async function collect(
  access: Access,
  volume: Volume,
  probe: "look" | "read",
): Promise<Collection> {
  const { client } = access;
  const reader = new ManifestReader(client);
  const broken: Broken[] = [];
  const tags = inPushOrder(await readTags(client, broken), volume.tags);
  const roots = await readable(tags, (root) => reader.readAll(root), broken);
  const untagged = withoutTag(volume.revisions, [...tags, ...volume.tags]);
  roots.push(...(await referrers(untagged, roots, reader, broken)));
  const bad = await badBlobs(access, roots, reader.found, probe);
  const good = roots.filter((root) => {
    const trouble = [...closureOf(reader.found, [root.digest]).blobs.keys()]
      .map((digest) => bad.get(digest))
      .find((why) => why !== undefined && why !== ELSEWHERE);
    if (trouble !== undefined) broken.push({ name: rootName(root), why: trouble });
    return trouble === undefined;
  });
  return { ...contentOf(good, reader.found, bad), broken };
}

/** The digest of each tag, all at about the same time. */
async function readTags(client: RegistryClient, broken: Broken[]): Promise<Root[]> {
  const repositories = [...(await client.repositories())].sort();
  const listed = await inParallel(repositories, PARALLEL, async (repository) =>
    (await client.tags(repository)).map((tag) => ({ repository, tag })),
  );
  const found = await inParallel(listed.flat(), PARALLEL, async ({ repository, tag }) => {
    const digest = await client.digest(repository, tag);
    if (digest !== undefined) return { repository, tag, digest };
    // Was it deleted a moment ago, or is its manifest lost?
    if ((await client.tags(repository)).includes(tag))
      broken.push({ name: `${repository}:${tag}`, why: "the registry lost its manifest" });
    return undefined;
  });
  return found.filter((root) => root !== undefined);
}

/** The roots that `read` can read. */
async function readable(
  roots: readonly Root[],
  read: (root: Root) => Promise<void>,
  broken: Broken[],
): Promise<Root[]> {
  const done = await inParallel(roots, PARALLEL, async (root) => {
    try {
      await read(root);
      return root;
    } catch (error) {
      broken.push({ name: rootName(root), why: whyBroken(error) });
      return undefined;
    }
  });
  return done.filter((root) => root !== undefined);
}

/** Also a broken tag has a manifest, and a tag whose manifest is lost is in the volume only. */
function withoutTag(revisions: readonly Revision[], tags: readonly Revision[]): Revision[] {
  const key = ({ repository, digest }: Revision) => `${repository}@${digest}`;
  const tagged = new Set(tags.map(key));
  return revisions.filter((revision) => !tagged.has(key(revision)));
}

/** The untagged manifests whose subject is part of the backup, and those that refer to them in turn. */
async function referrers(
  revisions: readonly Revision[],
  roots: readonly Root[],
  reader: ManifestReader,
  broken: Broken[],
): Promise<Root[]> {
  const found: Root[] = [];
  const ofRepositories = byRepository(roots);
  for (const [repository, untagged] of byRepository(revisions)) {
    const own = ofRepositories.get(repository) ?? [];
    const reached = new Set(
      closureOf(
        reader.found,
        own.map(({ digest }) => digest),
      ).manifests,
    );
    // Its own manifest says whether it refers to something. If it does not, nobody misses what it has lost.
    let rest = await readable(
      untagged.filter(({ digest }) => !reached.has(digest)),
      (root) => reader.readUntagged(root),
      broken,
    );
    for (;;) {
      const next = rest.filter(({ digest }) => {
        const { subject } = reader.found.get(digest)!.manifest;
        return subject !== undefined && reached.has(subject.digest);
      });
      if (next.length === 0) break;
      rest = rest.filter((root) => !next.includes(root));
      const whole = await readable(next, (root) => reader.readAll(root), broken);
      const digests = whole.map(({ digest }) => digest);
      closureOf(reader.found, digests).manifests.forEach((digest) => reached.add(digest));
      found.push(...whole);
    }
  }
  return found;
}

/** A layer that registries need not hold. */
const ELSEWHERE = "";

/** Blobs that cannot be read, with the reason; ELSEWHERE if the registry need not have it. */
async function badBlobs(
  access: Access,
  roots: readonly Root[],
  manifests: ReadonlyMap<string, StoredManifest>,
  probe: "look" | "read",
): Promise<Map<string, string>> {
  const wanted = new Map<string, { repository: string; blob: Descriptor }>();
  for (const { repository, digest } of roots)
    for (const blob of closureOf(manifests, [digest]).blobs.values())
      if (!wanted.has(blob.digest)) wanted.set(blob.digest, { repository, blob });
  const bad = new Map<string, string>();
  await inParallel([...wanted.values()], PARALLEL, async ({ repository, blob }) => {
    const { digest, size, urls = [] } = blob;
    try {
      const found = await access.client.blobSize(repository, digest);
      if (found === undefined && urls.length > 0) bad.set(digest, ELSEWHERE);
      else if (found === undefined) throw new BrokenContent(`the registry lost ${digest}`);
      else if (found !== size)
        throw new BrokenContent(`${digest} has ${found} bytes instead of ${size}`);
      else if (probe === "read") await drain(openBlob(access, repository, digest, size));
    } catch (error) {
      bad.set(digest, whyBroken(error));
    }
  });
  return bad;
}

/**
 * A blob's content, checked on the way. A registry that cannot read a blob begins its answer and closes the connection. If
 * it still answers then, it is the blob that is broken.
 *
 * @throws BrokenContent, RegistryError; another error if the registry cannot be reached
 */
export async function* openBlob(
  { client, streams }: Access,
  repository: string,
  digest: string,
  size: number,
): AsyncGenerator<Uint8Array, void> {
  try {
    const content = await streams.open(repository, digest);
    if (content === undefined) throw new BrokenContent(`the registry lost ${digest}`);
    yield* verified(content, digest, size);
  } catch (error) {
    if (error instanceof BrokenContent || error instanceof RegistryError) throw error;
    await client.ping().catch(() => {
      throw error;
    });
    const why = (error as Error).message;
    throw new BrokenContent(`the registry stops in ${digest} (${why})`, { cause: error });
  }
}

function contentOf(
  roots: readonly Root[],
  all: ReadonlyMap<string, StoredManifest>,
  bad: ReadonlyMap<string, string>,
): Omit<Collection, "broken"> {
  const manifests = new Map<string, StoredManifest>();
  const blobs = new Map<string, { repository: string; size: number }>();
  for (const { repository, digest: root } of roots) {
    const closure = closureOf(all, [root]);
    for (const digest of closure.manifests) manifests.set(digest, all.get(digest)!);
    for (const [digest, { size }] of closure.blobs)
      if (!blobs.has(digest) && !bad.has(digest)) blobs.set(digest, { repository, size });
  }
  return { roots, manifests, blobs };
}

/** Reads each manifest of each repository once. */
class ManifestReader {
  /** What was read, by digest. */
  readonly found = new Map<string, StoredManifest>();
  private readonly reads = new Map<string, Promise<StoredManifest | undefined>>();

  constructor(private readonly client: RegistryClient) {}

  /** Reads a manifest and all that it leads to. @throws BrokenContent, RegistryError */
  async readAll({ repository, digest }: Revision): Promise<void> {
    const stored = await this.read(repository, digest);
    if (stored === undefined) throw new BrokenContent(`the registry lost the manifest ${digest}`);
    if (isSchema1(stored.manifest))
      throw new BrokenContent(
        `the manifest ${digest} has schema 1, which no current runtime can run`,
      );
    for (const entry of partsOf(stored.manifest).manifests)
      await this.readAll({ repository, digest: entry.digest });
  }

  /** Reads a manifest without a tag alone. @throws BrokenContent, RegistryError */
  async readUntagged({ repository, digest }: Revision): Promise<void> {
    if ((await this.read(repository, digest)) === undefined)
      throw new BrokenContent(
        "the registry lost this manifest; `npm run gc` removes it if no tag leads to it",
      );
  }

  private read(repository: string, digest: string): Promise<StoredManifest | undefined> {
    const key = `${repository}@${digest}`;
    let read = this.reads.get(key);
    if (read === undefined) this.reads.set(key, (read = this.ask(repository, digest)));
    return read;
  }

  /** Undefined if the registry does not have it. */
  private async ask(repository: string, digest: string): Promise<StoredManifest | undefined> {
    const answer = await this.client.manifestContent(repository, digest);
    if (answer === undefined) return undefined;
    const { content, mediaType } = answer;
    const hex = hashFor(digest).update(content).digest("hex");
    // The registry signs schema 1 anew for each answer.
    if (hex !== digest.split(":")[1] && !isSchema1(answer))
      throw new BrokenContent(`the content of the manifest ${digest} has another digest, ${hex}`);
    try {
      const stored = { manifest: parseAnySchema(digest, mediaType, content), content };
      this.found.set(digest, stored);
      return stored;
    } catch (error) {
      throw new BrokenContent((error as Error).message, { cause: error });
    }
  }
}

/** @throws the error itself if it is not about one tag, such as a lost connection */
export function whyBroken(error: unknown): string {
  if (error instanceof BrokenContent || error instanceof RegistryError) return error.message;
  throw error;
}
