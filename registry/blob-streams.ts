import { refusedBy } from "./error";
import type { StreamAnswer, StreamRequest, StreamTransport } from "./transport";

/** Reads and writes blobs of any size: a blob is never in memory as a whole. */
export class BlobStreams {
  constructor(private readonly transport: StreamTransport) {}

  /**
   * A blob's content, unchecked; undefined if the repository does not have it. It must be read to its end, or left.
   * @throws RegistryError
   */
  async open(repository: string, digest: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const request: StreamRequest = { method: "GET", path: `/v2/${repository}/blobs/${digest}` };
    const answer = await this.transport(request);
    if (answer.status === 200) return answer.body;
    const refusal = await refused(request, answer);
    if (answer.status === 404) return undefined;
    throw refusal;
  }

  /**
   * Sends a blob in one request. The registry checks the digest.
   *
   * @param upload where to, from `RegistryClient.beginUpload`
   * @param size in bytes
   * @throws RegistryError
   */
  async upload(
    upload: URL,
    digest: string,
    size: number,
    content: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const to = new URL(upload);
    to.searchParams.set("digest", digest);
    const request: StreamRequest = {
      method: "PUT",
      path: to.pathname + to.search,
      headers: { "content-type": "application/octet-stream", "content-length": String(size) },
      body: content,
    };
    const answer = await this.transport(request);
    const refusal = await refused(request, answer);
    if (answer.status !== 201) throw refusal;
  }
}

/** Reads the body to its end, so that the connection is free. */
async function refused(request: StreamRequest, answer: StreamAnswer) {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  const body = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  const { method, path } = request;
  return refusedBy({ method, path }, { ...answer, body });
}
