import type { BlobStreams } from "../../registry/blob-streams";
import type { RegistryClient } from "../../registry/client";
import { sizeText } from "../../registry/size-text";
import { count } from "../words";
import { digestOfPath } from "./layout";
import { type Archive, eachFile } from "./read-archive";
import type { Conflict, RestorePlan } from "./restore-plan";

/** What a restore pushes. */
export interface Restored {
  /** Each blob counts once, also if several repositories lack it. */
  readonly blobs: number;
  readonly bytes: number;
  readonly manifests: number;
  readonly tags: number;
  /** Tags that the registry has already, with the same content. */
  readonly present: number;
}

export function amountOf({ repositories }: RestorePlan, { sizes }: Archive): Restored {
  const blobs = [...new Set(repositories.flatMap((each) => each.blobs))];
  const sum = (numbers: readonly number[]) => numbers.reduce((all, each) => all + each, 0);
  return {
    blobs: blobs.length,
    bytes: sum(blobs.map((digest) => sizes.get(digest)!)),
    manifests: sum(repositories.map(({ manifests }) => manifests.length)),
    tags: sum(repositories.map(({ tags }) => tags.length)),
    present: sum(repositories.map(({ present }) => present)),
  };
}

/** @throws Error that names every tag that the registry has with other content */
export function refuseConflicts(conflicts: readonly Conflict[]): void {
  if (conflicts.length === 0) return;
  const lines = conflicts.map(
    ({ name, inRegistry, inArchive }) =>
      `  ${name}: ${inRegistry} in the registry, ${inArchive} in the archive`,
  );
  throw new Error(
    `the registry has these tags with other content, and nothing was pushed; remove them, or overwrite them with --overwrite:\n${lines.join("\n")}`,
  );
}

/**
 * Pushes what the plan says: blobs, then manifests, then tags, so that a tag never leads to something that is missing.
 * After an interruption, a new plan has what is left.
 */
export async function restore(
  client: RegistryClient,
  streams: BlobStreams,
  archive: Archive,
  plan: RestorePlan,
  say: (line: string) => void,
): Promise<void> {
  await pushBlobs(client, streams, archive, plan, say);
  for (const { repository, manifests, tags, present } of plan.repositories) {
    const put = async (reference: string, digest: string) => {
      const { manifest, content } = archive.manifests.get(digest)!;
      await client.putManifest(repository, reference, manifest.mediaType, content);
    };
    for (const digest of manifests) await put(digest, digest);
    for (const { tag, digest } of tags) await put(tag!, digest);
    say(`${repository}: ${count(tags.length, "tag")} restored, ${present} already there`);
  }
}

/**
 * Reads the archive from its beginning to its end, and sends each blob to one repository. Other repositories get it from
 * there. If the registry does not do that, the archive is read again for them.
 */
async function pushBlobs(
  client: RegistryClient,
  streams: BlobStreams,
  archive: Archive,
  { repositories, holders }: RestorePlan,
  say: (line: string) => void,
): Promise<void> {
  const wanting = new Map<string, Set<string>>();
  for (const { repository, blobs } of repositories) {
    if (blobs.length === 0) continue;
    const size = blobs.reduce((sum, digest) => sum + archive.sizes.get(digest)!, 0);
    say(`${repository}: needs ${count(blobs.length, "blob")}, ${sizeText(size)}`);
    for (const digest of blobs)
      wanting.set(digest, (wanting.get(digest) ?? new Set()).add(repository));
  }
  const holding = new Map(holders);
  while (wanting.size > 0) {
    await eachFile(archive.file, async (path, size, content) => {
      const digest = digestOfPath(path);
      const lacking = digest === undefined ? undefined : wanting.get(digest);
      if (digest === undefined || lacking === undefined) return;
      let sent = false;
      for (const repository of lacking) {
        const upload = await placeFor(client, repository, digest, holding.get(digest));
        if (upload !== undefined) {
          if (sent) continue;
          await streams.upload(upload, digest, size, content);
          sent = true;
        }
        lacking.delete(repository);
        holding.set(digest, repository);
      }
      if (lacking.size === 0) wanting.delete(digest);
    });
  }
}

/** Where the content is to be sent; undefined if the repository has it now. */
const placeFor = (
  client: RegistryClient,
  repository: string,
  digest: string,
  holder: string | undefined,
): Promise<URL | undefined> =>
  holder === undefined
    ? client.beginUpload(repository)
    : client.mountBlob(repository, digest, holder);
