import { deleteRequest, type RegistryClient } from "./client";
import { refusedBy, type RegistryError } from "./error";

/** The registry does not take deletes. */
export class DeletesAreOff extends Error {
  override readonly name = "DeletesAreOff";
}

/**
 * An image without content, which takes a tag's place for a moment. Its text never changes, because a browser cannot
 * compute digests on a page that came over plain HTTP.
 */
export const PLACEHOLDER = {
  config:
    '{"architecture":"none","os":"none","config":{"Labels":{"io.cluster-registry":"deleted"}},"rootfs":{"type":"layers","diff_ids":[]}}',
  configDigest: "sha256:d7c0477c5be585137e99a50b7337904c9ed1c934ccaacacea078a924301dcac5",
  manifest:
    '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":130,"digest":"sha256:d7c0477c5be585137e99a50b7337904c9ed1c934ccaacacea078a924301dcac5"},"layers":[]}',
  digest: "sha256:69674d10f3eb73b80a16103105bf3148259022a4268cced8e2a3da207111fe3c",
} as const;

const MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json";

/**
 * Deletes one tag. Other tags of the same digest stay. distribution 3 deletes a tag alone. distribution 2 only deletes a
 * digest, with all its tags. So there the tag first gets a placeholder, and then the placeholder is deleted.
 *
 * @returns false if the tag did not exist
 * @throws DeletesAreOff; RegistryError if the registry refuses for another reason
 */
export async function deleteTag(
  client: RegistryClient,
  repository: string,
  tag: string,
): Promise<boolean> {
  if ((await client.digest(repository, tag)) === undefined) return false;
  const answer = await client.requestDelete(repository, tag);
  if (answer.status === 202) return true;
  if (answer.status === 404) return false; // Somebody else was faster.
  const refusal = refusedBy(deleteRequest(repository, tag), answer);
  if (isOff(refusal)) throw deletesAreOff(refusal);
  if (!refusal.codes.includes("DIGEST_INVALID")) throw refusal;
  await replaceAndDelete(client, repository, tag);
  return true;
}

/** A digest that no manifest has. */
const NO_DIGEST = `sha256:${"0".repeat(64)}`;

/** Whether the registry takes deletes. It is asked to delete a digest that does not exist, so nothing changes. */
export async function takesDeletes(client: RegistryClient, repository: string): Promise<boolean> {
  return (await client.requestDelete(repository, NO_DIGEST)).status !== 405;
}

async function replaceAndDelete(
  client: RegistryClient,
  repository: string,
  tag: string,
): Promise<void> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  await client.putBlob(repository, PLACEHOLDER.configDigest, bytes(PLACEHOLDER.config));
  await client.putManifest(repository, tag, MANIFEST_TYPE, bytes(PLACEHOLDER.manifest));
  const answer = await client.requestDelete(repository, PLACEHOLDER.digest);
  // 404: another deletion in this repository took the same placeholder away, and with it this tag.
  if (answer.status !== 202 && answer.status !== 404)
    throw refusedBy(deleteRequest(repository, PLACEHOLDER.digest), answer);
}

/** 405 UNSUPPORTED: deletes are off, or the registry is a cache. 405 without a code: it is read-only. */
const isOff = ({ status }: RegistryError) => status === 405;

const deletesAreOff = (cause: RegistryError) =>
  new DeletesAreOff(
    "this registry takes no deletes: it runs with `registry.deleteEnabled: false`, as a cache, or read-only",
    { cause },
  );
