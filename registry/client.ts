import { refusedBy, RegistryError } from "./error";
import { type Manifest, MANIFEST_TYPES, parseManifest } from "./manifest";
import type { ApiAnswer, ApiRequest, Transport } from "./transport";

/** The most that distribution answers at once; a larger number is an error there since 2.8.2. */
const PAGE = 1000;

/** Reads a registry through its HTTP API. Source: the OCI distribution specification. */
export class RegistryClient {
  constructor(private readonly transport: Transport) {}

  /** @throws Error if the registry does not answer as one */
  async ping(): Promise<void> {
    await this.expect({ method: "GET", path: "/v2/" }, 200);
  }

  /** The names of all repositories, in the registry's order. Repositories without tags are among them. */
  repositories(): Promise<string[]> {
    return this.pages(`/v2/_catalog?n=${PAGE}`, "repositories");
  }

  /** The tags of a repository; empty if it has none or does not exist. */
  async tags(repository: string): Promise<string[]> {
    try {
      return await this.pages(`/v2/${repository}/tags/list?n=${PAGE}`, "tags");
    } catch (error) {
      if (error instanceof RegistryError && error.status === 404) return [];
      throw error;
    }
  }

  /**
   * A manifest by tag or digest; undefined if it does not exist.
   * @throws Error if it is of schema 1 or not JSON
   */
  async manifest(repository: string, reference: string): Promise<Manifest | undefined> {
    const answer = await this.found({
      method: "GET",
      path: `/v2/${repository}/manifests/${reference}`,
      headers: { accept: MANIFEST_TYPES.join(", ") },
    });
    if (answer === undefined) return undefined;
    const digest = answer.header("docker-content-digest") ?? reference;
    return parseManifest(digest, answer.header("content-type") ?? "", answer.body);
  }

  /** The digest that a tag names; undefined if the tag does not exist. */
  async digest(repository: string, tag: string): Promise<string | undefined> {
    const answer = await this.found({
      method: "HEAD",
      path: `/v2/${repository}/manifests/${tag}`,
      headers: { accept: MANIFEST_TYPES.join(", ") },
    });
    return answer?.header("docker-content-digest");
  }

  /** A blob's content; undefined if the registry does not have it. */
  async blob(repository: string, digest: string): Promise<Uint8Array | undefined> {
    const path = `/v2/${repository}/blobs/${digest}`;
    return (await this.found({ method: "GET", path }))?.body;
  }

  /** Pushes a blob if the repository does not have it. */
  async putBlob(repository: string, digest: string, content: Uint8Array): Promise<void> {
    const path = `/v2/${repository}/blobs/${digest}`;
    if ((await this.transport({ method: "HEAD", path })).status === 200) return;
    const upload = await this.beginUpload(repository);
    upload.searchParams.set("digest", digest);
    await this.expect(
      {
        method: "PUT",
        path: upload.pathname + upload.search,
        headers: { "content-type": "application/octet-stream" },
        body: content,
      },
      201,
    );
  }

  /** Begins an upload, and returns where its content is to be sent. */
  async beginUpload(repository: string): Promise<URL> {
    const begun = await this.expect(
      { method: "POST", path: `/v2/${repository}/blobs/uploads/` },
      202,
    );
    return new URL(begun.header("location") ?? "", "http://registry");
  }

  /** Pushes a manifest under a tag. */
  async putManifest(
    repository: string,
    tag: string,
    mediaType: string,
    content: Uint8Array,
  ): Promise<void> {
    const path = `/v2/${repository}/manifests/${tag}`;
    const headers = { "content-type": mediaType };
    await this.expect({ method: "PUT", path, headers, body: content }, 201);
  }

  /** The answer to a request to delete a manifest, by tag or digest, whatever the answer is. */
  requestDelete(repository: string, reference: string): Promise<ApiAnswer> {
    return this.transport(deleteRequest(repository, reference));
  }

  private async pages(first: string, key: "repositories" | "tags"): Promise<string[]> {
    const found: string[] = [];
    let next: string | undefined = first;
    while (next !== undefined) {
      const answer: ApiAnswer = await this.expect({ method: "GET", path: next }, 200);
      const page = JSON.parse(new TextDecoder().decode(answer.body)) as Record<string, unknown>;
      // A repository whose last tag was deleted has `null`.
      found.push(...((page[key] as string[] | null) ?? []));
      next = nextPage(answer.header("link"));
    }
    return found;
  }

  private async found(request: ApiRequest): Promise<ApiAnswer | undefined> {
    const answer = await this.transport(request);
    if (answer.status === 404) return undefined;
    if (answer.status === 200) return answer;
    throw refusedBy(request, answer);
  }

  private async expect(request: ApiRequest, status: number): Promise<ApiAnswer> {
    const answer = await this.transport(request);
    if (answer.status !== status) throw refusedBy(request, answer);
    return answer;
  }
}

export const deleteRequest = (repository: string, reference: string): ApiRequest => ({
  method: "DELETE",
  path: `/v2/${repository}/manifests/${reference}`,
});

/** The path of `<...>; rel="next"`. Source: RFC 5988, as the distribution specification uses it. */
function nextPage(link: string | undefined): string | undefined {
  const target = /<([^>]+)>\s*;[^,]*rel="?next"?/.exec(link ?? "")?.[1];
  if (target === undefined) return undefined;
  const { pathname, search } = new URL(target, "http://registry/v2/");
  return pathname + search;
}
