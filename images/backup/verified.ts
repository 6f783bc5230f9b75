import { createHash } from "node:crypto";

/** The content of a digest cannot be had as it was pushed. The message completes "NAME: ". */
export class BrokenContent extends Error {
  override readonly name = "BrokenContent";
}

/**
 * Passes content on, and checks it on the way.
 *
 * @param size in bytes
 * @throws BrokenContent at the end of the content, or once it is too long
 */
export async function* verified(
  content: AsyncIterable<Uint8Array>,
  digest: string,
  size: number,
): AsyncGenerator<Uint8Array, void> {
  const hash = hashFor(digest);
  let length = 0;
  for await (const chunk of content) {
    length += chunk.length;
    if (length > size) throw new BrokenContent(`${digest} has more than its ${size} bytes`);
    hash.update(chunk);
    yield chunk;
  }
  if (length < size) throw new BrokenContent(`${digest} has ${length} of its ${size} bytes`);
  const found = hash.digest("hex");
  if (found !== digest.split(":")[1])
    throw new BrokenContent(`the content of ${digest} has another digest, ${found}`);
}

/** @throws BrokenContent if the algorithm is not one of the OCI image specification */
export function hashFor(digest: string) {
  const algorithm = digest.split(":")[0] ?? "";
  if (algorithm !== "sha256" && algorithm !== "sha512")
    throw new BrokenContent(`${digest}: expected a digest of sha256 or sha512`);
  return createHash(algorithm);
}

/** Reads content to its end. */
export async function drain(content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of content) void chunk;
}
