import { createHash } from "node:crypto";
import { RegistryClient } from "../../registry/client";
import { contentOf, readImage, sizeOf } from "../../registry/image";

const OCI = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";

/** Content of one repository, by digest. */
class Content {
  private readonly stored = new Map<string, { type: string; bytes: Buffer }>();

  /** A client that answers from this content, as a registry does. */
  readonly client = new RegistryClient(({ method, path }) => {
    const [, digest = ""] = /\/(?:manifests|blobs)\/(.*)$/.exec(path) ?? [];
    const found = this.stored.get(digest);
    if (method !== "GET") throw new Error(`${method} ${path}`);
    const headers: Record<string, string | undefined> = {
      "content-type": found?.type,
      "docker-content-digest": digest,
    };
    return Promise.resolve({
      status: found === undefined ? 404 : 200,
      header: (name) => headers[name],
      body: found?.bytes ?? Buffer.from(""),
    });
  });

  put(type: string, value: unknown) {
    const bytes = Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    this.stored.set(digest, { type, bytes });
    return { mediaType: type, digest, size: bytes.length };
  }

  image(config: unknown, layers: string[] = []) {
    return this.put(OCI, {
      mediaType: OCI,
      config: this.put(CONFIG, config),
      layers: layers.map((digest) => ({ mediaType: "layer", digest, size: 1000 })),
    });
  }

  lose(digest: string): void {
    this.stored.delete(digest);
  }

  read(digest: string) {
    return readImage(this.client, "app", digest);
  }
}

const AMD64 = { os: "linux", architecture: "amd64" };
const ARM64 = { os: "linux", architecture: "arm64" };

test("an image has its config, its platform and its date", async () => {
  const content = new Content();
  const { digest } = content.image({ ...AMD64, created: "2026-01-01T00:00:00Z" });
  const image = await content.read(digest);
  expect(image).toMatchObject({
    kind: "image",
    platform: AMD64,
    created: "2026-01-01T00:00:00Z",
    config: { architecture: "amd64" },
  });
  expect(await content.read("sha256:00")).toBeUndefined();
});

test("an index has its platforms, the date of the newest, its attestations apart, and what is missing", async () => {
  const content = new Content();
  const old = { ...content.image({ ...AMD64, created: "2026-01-01T00:00:00Z" }), platform: AMD64 };
  const young = {
    ...content.image({ ...ARM64, created: "2026-02-01T01:00:00+02:00" }),
    platform: ARM64,
  };
  const attestation = {
    ...content.put(OCI, { mediaType: OCI, layers: [] }),
    platform: { os: "unknown", architecture: "unknown" },
    annotations: { "vnd.docker.reference.type": "attestation-manifest" },
  };
  const lost = { ...content.image({ os: "linux", architecture: "s390x" }), platform: ARM64 };
  content.lose(lost.digest);
  const { digest } = content.put(OCI_INDEX, {
    mediaType: OCI_INDEX,
    manifests: [young, old, attestation, lost],
  });
  const image = await content.read(digest);
  expect(image?.kind).toBe("index");
  expect(image?.platforms.map(({ platform }) => platform)).toEqual([ARM64, AMD64]);
  expect(image?.created).toBe("2026-02-01T01:00:00+02:00");
  expect(image?.attestations.map((each) => each.digest)).toEqual([attestation.digest]);
  expect(image?.missing).toEqual([lost]);
});

test("each blob counts once, also if platforms share it", async () => {
  const content = new Content();
  const parts = [
    content.image(AMD64, ["sha256:11", "sha256:22"]),
    content.image(ARM64, ["sha256:11"]),
  ];
  const { digest, size } = content.put(OCI_INDEX, { mediaType: OCI_INDEX, manifests: parts });
  const image = (await content.read(digest))!;
  const configs = image.platforms.reduce((sum, each) => sum + each.manifest.config!.size, 0);
  expect(sizeOf(image)).toBe(size + parts[0]!.size + parts[1]!.size + configs + 2000);
  expect([...contentOf(image).keys()]).toHaveLength(7);
});

test("the empty platform of a signature's config is none", async () => {
  const content = new Content();
  const { digest } = content.image({ os: "", architecture: "" });
  expect(await content.read(digest)).not.toHaveProperty("platform");
});

test("a config that is not JSON is an error with its digest", async () => {
  const content = new Content();
  const { digest } = content.image("this is no JSON");
  await expect(content.read(digest)).rejects.toThrow(
    /^the config sha256:[0-9a-f]{64} is not JSON: /,
  );
});
