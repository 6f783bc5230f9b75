import { byRepository } from "../listing";
import { sizeText } from "../../registry/size-text";
import { count } from "../words";
import {
  type Access,
  type Broken,
  collect,
  type Collection,
  openBlob,
  type Volume,
  whyBroken,
} from "./collect";
import {
  blobPath,
  closureOf,
  INDEX_PATH,
  layoutIndex,
  MARKER,
  RECORD_PATH,
  type Root,
  rootName,
} from "./layout";
import type { BackupRecord, Counts } from "./record";
import type { ArchivedSettings } from "./settings";
import { type ArchiveFile, writeArchive } from "./write-archive";

/** What a backup is made of, besides the registry's API. */
export interface BackupSource extends Access, Volume {
  /** `ADDRESS:PORT` of the registry. */
  readonly prefix: string;
  /** The registry server's version. */
  readonly version?: string;
  readonly settings: ArchivedSettings;
}

/**
 * Writes all images of a registry to an archive, while pulls and pushes go on.
 *
 * @param skipBroken leave out what the registry cannot give; then each blob is read twice, the first time to check it
 * @param say takes one line for each repository
 * @throws Error that names each tag that cannot be read, before anything is written
 */
export async function backUp(
  source: BackupSource,
  file: string,
  skipBroken: boolean,
  date: Date,
  say: (line: string) => void,
): Promise<BackupRecord> {
  const found = await collect(source, source, skipBroken ? "read" : "look");
  if (found.broken.length > 0 && !skipBroken) throw new Error(troubleText(found.broken));
  const record: BackupRecord = {
    format: 1,
    registry: source.prefix,
    ...(source.version !== undefined && { version: source.version }),
    date: date.toISOString(),
    counts: countsOf(found),
    leftOut: found.broken,
    ...source.settings,
  };
  await writeArchive(file, filesOf(found, record, source, say), date);
  return record;
}

/** What cannot be read, with what helps: `npm run images -- rm` removes tags only. */
function troubleText(broken: readonly Broken[]): string {
  const hasTag = ({ name }: Broken) => !name.includes("@");
  const [tags, others] = [broken.filter(hasTag), broken.filter((each) => !hasTag(each))];
  const parts: [string, Broken[]][] = [
    ["; push them again or remove them, or leave them out with --skip-broken", tags],
    [", and have no tag that can be removed; leave them out with --skip-broken", others],
  ];
  return parts
    .filter(([, own]) => own.length > 0)
    .map(([advice, own]) => `these cannot be read${advice}:\n${brokenText(own)}`)
    .join("\n");
}

/** One line for each tag. */
export const brokenText = (broken: readonly Broken[]) =>
  broken.map(({ name, why }) => `  ${name}: ${why}`).join("\n");

function countsOf({ roots, manifests, blobs }: Collection): Counts {
  const tags = roots.filter(({ tag }) => tag !== undefined).length;
  const sizes = [...[...manifests.values()].map(({ manifest }) => manifest), ...blobs.values()];
  return {
    repositories: byRepository(roots).size,
    tags,
    referrers: roots.length - tags,
    manifests: manifests.size,
    blobs: blobs.size,
    bytes: sizes.reduce((sum, { size }) => sum + size, 0),
  };
}

/** Small files come first, so that a reader knows early what follows. */
function* filesOf(
  { roots, manifests, blobs }: Collection,
  record: BackupRecord,
  access: Access,
  say: (line: string) => void,
): Generator<ArchiveFile, void> {
  const index = layoutIndex(roots, manifests);
  yield inMemory(MARKER.path, Buffer.from(MARKER.text));
  yield inMemory(INDEX_PATH, Buffer.from(index.text));
  yield inMemory(RECORD_PATH, Buffer.from(`${JSON.stringify(record, null, 2)}\n`));
  for (const [digest, content] of index.blobs)
    if (!manifests.has(digest)) yield inMemory(blobPath(digest), content);
  for (const [digest, { content }] of manifests) yield inMemory(blobPath(digest), content);
  const written = new Set(manifests.keys());
  for (const [repository, own] of byRepository(roots)) {
    const closure = closureOf(
      manifests,
      own.map(({ digest }) => digest),
    );
    const fresh = [...closure.blobs.keys()].filter(
      (digest) => blobs.has(digest) && !written.has(digest),
    );
    const size = fresh.reduce((sum, digest) => sum + blobs.get(digest)!.size, 0);
    const tags = own.filter(({ tag }) => tag !== undefined).length;
    say(
      `${repository}: ${count(tags, "tag")}, ${count(fresh.length, "new blob")}, ${sizeText(size)}`,
    );
    for (const digest of fresh) {
      written.add(digest);
      const blob = blobs.get(digest)!;
      const users = () =>
        roots.filter((root) => closureOf(manifests, [root.digest]).blobs.has(digest));
      const content = () => named(users, openBlob(access, blob.repository, digest, blob.size));
      yield { path: blobPath(digest), size: blob.size, content };
    }
  }
}

const inMemory = (path: string, content: Uint8Array): ArchiveFile => ({
  path,
  size: content.length,
  content,
});

/** Content whose errors name what needs it. */
async function* named(
  users: () => readonly Root[],
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* content;
  } catch (error) {
    const why = whyBroken(error);
    const roots = users();
    const advice = roots.some(({ tag }) => tag !== undefined)
      ? "; push it again or remove it, or leave it out with --skip-broken"
      : ", and has no tag that can be removed; leave it out with --skip-broken";
    throw new Error(`this cannot be read${advice}:\n  ${roots.map(rootName).join(", ")}: ${why}`, {
      cause: error,
    });
  }
}
