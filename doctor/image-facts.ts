import type { RegistryClient } from "../registry/client";
import { isAttestationEntry, isIndex, platformText } from "../registry/manifest";
import { isSchema1 } from "../registry/schema-1";
import type { StreamTransport } from "../registry/transport";
import type { Asked } from "./reference";

/** What the registry has of an image. */
export interface ImageFacts {
  readonly asked: Asked;
  /** The digest of the tag; undefined if the registry does not have it. */
  readonly digest?: string;
  /** The tags of the repository. */
  readonly tags: readonly string[];
  /** All repositories. Read only if the image is missing. */
  readonly repositories: readonly string[];
  /** Whether the manifest is of schema 1, which containerd refuses from 2.0 on. */
  readonly isOld: boolean;
  /** `linux/amd64` and the like; empty if the image does not say. */
  readonly platforms: readonly string[];
  /** The manifests and blobs that the registry's own lists name, but that it does not have. */
  readonly missing: readonly { digest: string; platform?: string; said: string }[];
  /** The path of the image's largest blob, if it takes more than one packet. */
  readonly large?: string;
  /** The digests under which nodes may know this image: of the tag, and of an index's entries. */
  readonly digests: readonly string[];
}

/** So many bytes fill some packets, also those of networks with large ones. */
const LARGE = 32 * 1024;

/** Reads an image and asks for every blob of it, without fetching them. */
export async function readImageFacts(
  client: RegistryClient,
  streams: StreamTransport,
  asked: Asked,
): Promise<ImageFacts> {
  const { repository, tag, digest } = asked;
  const reference = digest ?? tag;
  const found = await client.manifestContent(repository, reference);
  const tags = await client.tags(repository);
  const nothing = { platforms: [], missing: [], digests: [], repositories: [], isOld: false };
  if (found === undefined)
    return { ...nothing, asked, tags, repositories: await client.repositories() };
  const base = { asked, tags, digest: found.digest, repositories: [] };
  if (isSchema1(found) || saysSchema1(found.content)) return { ...nothing, ...base, isOld: true };
  const manifest = (await client.manifest(repository, found.digest))!;
  const entries = isIndex(manifest)
    ? manifest.manifests.filter((entry) => !isAttestationEntry(entry))
    : [undefined];
  const missing: { digest: string; platform?: string; said: string }[] = [];
  const platforms: string[] = [];
  const large: { digest: string; size: number }[] = [];
  for (const entry of entries) {
    const image = entry === undefined ? manifest : await client.manifest(repository, entry.digest);
    let platform = entry?.platform && platformText(entry.platform);
    if (image === undefined) {
      missing.push({ digest: entry!.digest, ...(platform && { platform }), said: "404" });
      if (platform !== undefined) platforms.push(platform);
      continue;
    }
    const blobs = [...(image.config ? [image.config] : []), ...image.layers];
    const states = await Promise.all(
      blobs.map(async (blob) => ({ blob, said: await absence(streams, repository, blob.digest) })),
    );
    large.push(
      ...states.flatMap(({ blob, said }) =>
        said === undefined && blob.size >= LARGE ? [blob] : [],
      ),
    );
    const config = image.config;
    const hasConfig = config !== undefined && states[0]?.said === undefined;
    if (platform === undefined && hasConfig)
      platform = await platformIn(client, repository, config.digest);
    if (platform !== undefined) platforms.push(platform);
    for (const { blob, said } of states)
      if (said !== undefined && (blob.urls ?? []).length === 0)
        missing.push({ digest: blob.digest, ...(platform && { platform }), said });
  }
  const digests = [found.digest, ...entries.flatMap((entry) => (entry ? [entry.digest] : []))];
  const largest = large.sort((a, b) => b.size - a.size)[0];
  return {
    ...{ ...base, isOld: false, platforms, missing, digests },
    ...(largest && { large: `/v2/${repository}/blobs/${largest.digest}` }),
  };
}

/** A registry that gives its type wrongly serves it all the same. */
const saysSchema1 = (content: Uint8Array) =>
  /"schemaVersion"\s*:\s*1\b/.test(new TextDecoder().decode(content));

/**
 * The registry's words for a blob that it cannot give; undefined if it can. A HEAD may be answered from the registry's
 * memory, also for a file that is gone. So this begins a GET, and reads nothing of it.
 */
async function absence(
  streams: StreamTransport,
  repository: string,
  digest: string,
): Promise<string | undefined> {
  const answer = await streams({
    method: "GET",
    path: `/v2/${repository}/blobs/${digest}`,
    headers: { range: "bytes=0-0" },
  });
  const iterator = answer.body[Symbol.asyncIterator]();
  let text: string;
  try {
    const first = await iterator.next();
    await iterator.return?.();
    text = first.done === true ? "" : new TextDecoder().decode(first.value);
  } catch (error) {
    // The registry remembers the size of a file that is gone, and then has nothing to send.
    return `${answer.status}, and then ${(error as Error).message}`;
  }
  if (answer.status < 400 || answer.status === 416) return undefined;
  return `${answer.status} ${/"code":"([A-Z_]+)"/.exec(text)?.[1] ?? ""}`.trim();
}

async function platformIn(
  client: RegistryClient,
  repository: string,
  config: string,
): Promise<string | undefined> {
  const bytes = await client.blob(repository, config);
  if (bytes === undefined) return undefined;
  let value: { os?: string; architecture?: string; variant?: string };
  try {
    value = JSON.parse(new TextDecoder().decode(bytes)) as typeof value;
  } catch {
    return undefined; // An artifact's config can be anything.
  }
  const { os, architecture, variant } = value;
  if (!os || !architecture) return undefined;
  return platformText({ os, architecture, ...(variant !== undefined && { variant }) });
}
