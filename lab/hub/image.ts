import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { tar, type TarEntry } from "./tar";

/** What `docker inspect` shows as an image's Config: the part of it that the lab's images use. */
export interface ImageConfig {
  Entrypoint?: string[];
  Cmd?: string[];
  Env?: string[];
  ExposedPorts?: Record<string, object>;
  Volumes?: Record<string, object>;
}

export interface Blob {
  digest: string;
  bytes: Buffer;
}

/** A whole image as a registry stores it: its blobs, and the manifest that names them. */
export interface ContainerImage {
  manifest: Blob & { mediaType: string };
  blobs: Blob[];
}

const TYPE = "application/vnd.docker.distribution.manifest.v2+json";

/** Builds an image for linux/amd64 (image manifest version 2, schema 2), each list of entries one layer. Same input, same digests. */
export function buildImage(layers: TarEntry[][], config: ImageConfig): ContainerImage {
  const archives = layers.map(tar);
  const compressed = archives.map((archive) => blob(gzipSync(archive)));
  const configBlob = blob(
    json({
      architecture: "amd64",
      os: "linux",
      created: "2020-01-01T00:00:00Z",
      config,
      rootfs: { type: "layers", diff_ids: archives.map(digestOf) },
      history: layers.map(() => ({
        created: "2020-01-01T00:00:00Z",
        created_by: "cluster-registry lab",
      })),
    }),
  );
  const describe = (mediaType: string, { digest, bytes }: Blob) => ({
    mediaType,
    size: bytes.length,
    digest,
  });
  const manifest = blob(
    json({
      schemaVersion: 2,
      mediaType: TYPE,
      config: describe("application/vnd.docker.container.image.v1+json", configBlob),
      layers: compressed.map((layer) =>
        describe("application/vnd.docker.image.rootfs.diff.tar.gzip", layer),
      ),
    }),
  );
  return { manifest: { ...manifest, mediaType: TYPE }, blobs: [...compressed, configBlob] };
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const blob = (bytes: Buffer): Blob => ({ digest: digestOf(bytes), bytes });
