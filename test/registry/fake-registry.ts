import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ApiAnswer, ApiRequest, StreamTransport, Transport } from "../../registry/transport";

export const digestOf = (bytes: Uint8Array | string) =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** The type with which distribution 2 serves every manifest of schema 1. */
export const SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/** A registry in memory that answers as distribution does, in one of its two versions. Unknown requests are an error. */
export class FakeRegistry {
  readonly requests: string[] = [];
  private readonly blobs = new Map<string, Uint8Array>();
  private readonly repositories = new Map<
    string,
    { tags: Map<string, string>; manifests: Map<string, { type: string; bytes: Uint8Array }> }
  >();

  constructor(
    private readonly version: 2 | 3,
    private readonly options: { deletes?: boolean; page?: number } = {},
  ) {}

  readonly transport: Transport = (request) => {
    this.requests.push(`${request.method} ${request.path}`);
    return Promise.resolve(this.answer(request));
  };

  readonly streams: StreamTransport = async ({ body, ...request }) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body ?? []) chunks.push(chunk);
    const sent = body === undefined ? {} : { body: Buffer.concat(chunks) };
    const answered = await this.transport({ ...request, ...sent });
    // Two pieces, as on a network.
    const middle = Math.ceil(answered.body.length / 2);
    const pieces = [answered.body.subarray(0, middle), answered.body.subarray(middle)];
    return { ...answered, body: Readable.from(pieces) };
  };

  /** Stores a manifest with these tags. @returns its digest */
  put(repository: string, tags: readonly string[], manifest: unknown, type: string): string {
    const bytes = new TextEncoder().encode(
      typeof manifest === "string" ? manifest : JSON.stringify(manifest),
    );
    const digest = digestOf(bytes);
    const own = this.repository(repository);
    own.manifests.set(digest, { type, bytes });
    for (const tag of tags) own.tags.set(tag, digest);
    return digest;
  }

  /** Stores a blob. @returns its descriptor */
  blob(content: unknown, mediaType: string) {
    const bytes = new TextEncoder().encode(
      typeof content === "string" ? content : JSON.stringify(content),
    );
    const digest = digestOf(bytes);
    this.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  /** Forgets a manifest, as a bad garbage collection does. */
  lose(repository: string, digest: string): void {
    this.repository(repository).manifests.delete(digest);
  }

  /** Changes a blob's last byte, as a bad disk does. */
  spoil(digest: string): void {
    const bytes = Uint8Array.from(this.blobs.get(digest)!);
    bytes[bytes.length - 1]! ^= 1;
    this.blobs.set(digest, bytes);
  }

  loseBlob(digest: string): void {
    this.blobs.delete(digest);
  }

  /** The digests of a repository's manifests, with or without a tag. */
  manifestsOf(repository: string): string[] {
    return [...this.repository(repository).manifests.keys()];
  }

  tagsOf(repository: string): Record<string, string> {
    return Object.fromEntries(this.repository(repository).tags);
  }

  private repository(name: string) {
    let own = this.repositories.get(name);
    if (own === undefined) {
      own = { tags: new Map(), manifests: new Map() };
      this.repositories.set(name, own);
    }
    return own;
  }

  private answer({ method, path, headers, body }: ApiRequest): ApiAnswer {
    const url = new URL(path, "http://registry");
    if (url.pathname === "/v2/") return answer(200, "{}");
    if (url.pathname === "/v2/_catalog")
      return this.page(url, "repositories", [...this.repositories.keys()].sort());
    const [, name, kind, reference] =
      /^\/v2\/(.+)\/(tags|manifests|blobs)\/(.*)$/.exec(url.pathname) ?? [];
    if (name === undefined) return answer(404, error("UNSUPPORTED"));
    if (kind === "tags") {
      if (!this.repositories.has(name)) return answer(404, error("NAME_UNKNOWN"));
      return this.page(url, "tags", [...this.repository(name).tags.keys()].sort());
    }
    if (kind === "blobs") return this.blobAnswer(method, url, reference!, body);
    return this.manifestAnswer(method, name, reference!, headers, body);
  }

  private blobAnswer(
    method: string,
    url: URL,
    reference: string,
    body: Uint8Array | undefined,
  ): ApiAnswer {
    if (method === "POST") return answer(202, "", { location: `${url.pathname}one?_state=x` });
    if (method === "PUT") {
      const digest = url.searchParams.get("digest") ?? "";
      if (digest !== digestOf(body!)) return answer(400, error("DIGEST_INVALID"));
      this.blobs.set(digest, body!);
      return answer(201);
    }
    const bytes = this.blobs.get(reference);
    if (bytes === undefined) return answer(404, error("BLOB_UNKNOWN"));
    const length = { "content-length": String(bytes.length) };
    return answer(200, method === "HEAD" ? "" : bytes, length);
  }

  private manifestAnswer(
    method: string,
    name: string,
    reference: string,
    headers: Readonly<Record<string, string>> = {},
    body: Uint8Array | undefined,
  ): ApiAnswer {
    const own = this.repository(name);
    const isDigest = reference.includes(":");
    if (method === "PUT") {
      const tags = isDigest ? [] : [reference];
      this.put(name, tags, new TextDecoder().decode(body), headers["content-type"]!);
      return answer(201);
    }
    if (method === "DELETE") {
      if (this.options.deletes === false) return answer(405, error("UNSUPPORTED"));
      if (!isDigest && this.version === 2) return answer(400, error("DIGEST_INVALID"));
      if (isDigest) {
        if (!own.manifests.delete(reference)) return answer(404, error("MANIFEST_UNKNOWN"));
        for (const [tag, digest] of own.tags) if (digest === reference) own.tags.delete(tag);
        return answer(202);
      }
      return answer(own.tags.delete(reference) ? 202 : 404);
    }
    const digest = isDigest ? reference : own.tags.get(reference);
    const manifest = digest === undefined ? undefined : own.manifests.get(digest);
    const accepted =
      manifest?.type === SCHEMA_1 || headers["accept"]?.includes(manifest?.type ?? "");
    if (manifest === undefined || !accepted) return answer(404, error("MANIFEST_UNKNOWN"));
    const found = { "docker-content-digest": digest!, "content-type": manifest.type };
    const served = manifest.type === SCHEMA_1 ? this.signed(manifest.bytes) : manifest.bytes;
    if (served === undefined) return answer(500, error("UNKNOWN"));
    return answer(200, method === "HEAD" ? "" : served, found);
  }

  /** A manifest of schema 1 with a signature, which its digest is not of; distribution 3 cannot read it. */
  private signed(bytes: Uint8Array): Uint8Array | undefined {
    if (this.version === 3) return undefined;
    const manifest = JSON.parse(new TextDecoder().decode(bytes)) as object;
    const signatures = [{ header: {}, signature: "x", protected: "y" }];
    return new TextEncoder().encode(JSON.stringify({ ...manifest, signatures }, null, 3));
  }

  private page(url: URL, key: string, all: string[]): ApiAnswer {
    const size = this.options.page ?? Number(url.searchParams.get("n"));
    const last = url.searchParams.get("last");
    const rest = last === null ? all : all.filter((name) => name > last);
    const page = rest.slice(0, size);
    const next = `${url.pathname}?last=${encodeURIComponent(page.at(-1) ?? "")}&n=${size}`;
    return answer(
      200,
      JSON.stringify({ [key]: page }),
      rest.length > size ? { link: `<${next}>; rel="next"` } : {},
    );
  }
}

const error = (code: string) => JSON.stringify({ errors: [{ code, message: "no" }] });

function answer(
  status: number,
  body: string | Uint8Array = "",
  headers: Record<string, string> = {},
): ApiAnswer {
  return {
    status,
    header: (name) => headers[name],
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
  };
}
