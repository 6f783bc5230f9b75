import { type Manifest, parseManifest } from "./manifest";

/** The types of the manifests that Docker before 1.10 pushed, without and with signatures. */
const TYPES = [
  "application/vnd.docker.distribution.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v1+prettyjws",
];
/** The type that distribution gives to their layers, which name none. */
const LAYER = "application/vnd.docker.container.image.rootfs.diff+x-gtar";

const withoutParameters = (type: string) => type.split(";")[0]!.trim();

/** Whether a manifest is of schema 1, which only distribution 2 serves, whatever types a client accepts. */
export const isSchema1 = ({ mediaType }: Pick<Manifest, "mediaType">) =>
  TYPES.includes(withoutParameters(mediaType));

/**
 * Reads what a manifest of schema 1 needs: its layers, of which it does not say the sizes; they count 0 here. A registry
 * signs it anew for each answer, and the digest is that of the manifest without signatures. So the bytes cannot be compared
 * with it. Source: the image manifest version 2, schema 1, in distribution's documentation.
 *
 * @throws Error if it does not name its layers
 */
export function parseSchema1(digest: string, mediaType: string, bytes: Uint8Array): Manifest {
  const layers = layersOf(bytes);
  if (!layers?.every((layer) => typeof layer === "string"))
    throw new Error(`the manifest ${digest} has schema 1, but no list fsLayers with digests`);
  return {
    digest,
    mediaType: withoutParameters(mediaType),
    size: bytes.length,
    layers: layers.map((layer) => ({ mediaType: LAYER, digest: layer, size: 0 })),
    manifests: [],
    annotations: {},
  };
}

/** Reads a manifest of any schema. @throws Error if it is not one */
export function parseAnySchema(digest: string, mediaType: string, bytes: Uint8Array): Manifest {
  const parse = isSchema1({ mediaType }) ? parseSchema1 : parseManifest;
  return parse(digest, mediaType, bytes);
}

/** What it names as its layers; undefined if it has no list of them. */
function layersOf(bytes: Uint8Array): unknown[] | undefined {
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes)) as {
      fsLayers: { blobSum: unknown }[];
    };
    return value.fsLayers.map(({ blobSum }) => blobSum);
  } catch {
    return undefined;
  }
}
