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
  /** The images of the single platforms, where the manifest is an index of them. */
  parts?: ContainerImage[];
}

export const MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json";
export const INDEX_TYPE = "application/vnd.docker.distribution.manifest.list.v2+json";

export type Architecture = "amd64" | "arm64";

/** Builds an image for Linux (image manifest version 2, schema 2), each list of entries one layer. Same input, same digests. */
export function buildImage(
  layers: TarEntry[][],
  config: ImageConfig,
  architecture: Architecture = "amd64",
): ContainerImage {
  const archives = layers.map(tar);
  const compressed = archives.map((archive) => blob(gzipSync(archive)));
  const configBlob = blob(
    json({
      architecture,
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
      mediaType: MANIFEST_TYPE,
      config: describe("application/vnd.docker.container.image.v1+json", configBlob),
      layers: compressed.map((layer) =>
        describe("application/vnd.docker.image.rootfs.diff.tar.gzip", layer),
      ),
    }),
  );
  return {
    manifest: { ...manifest, mediaType: MANIFEST_TYPE },
    blobs: [...compressed, configBlob],
  };
}

/** One image for several architectures: an index from which each node takes its own. */
export function buildIndex(images: Record<Architecture, ContainerImage>): ContainerImage {
  const entries = Object.entries(images);
  const manifest = blob(
    json({
      schemaVersion: 2,
      mediaType: INDEX_TYPE,
      manifests: entries.map(([architecture, image]) => ({
        mediaType: MANIFEST_TYPE,
        size: image.manifest.bytes.length,
        digest: image.manifest.digest,
        platform: { architecture, os: "linux" },
      })),
    }),
  );
  return {
    manifest: { ...manifest, mediaType: INDEX_TYPE },
    blobs: [],
    parts: entries.map(([, image]) => image),
  };
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const blob = (bytes: Buffer): Blob => ({ digest: digestOf(bytes), bytes });
