/** A reference to content by digest. Source: the OCI image specification, "Content Descriptors". */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  readonly artifactType?: string;
  /** Where the content of a layer that registries need not hold can be had. */
  readonly urls?: readonly string[];
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** A manifest or an index as it lies in the registry. */
export interface Manifest {
  readonly digest: string;
  readonly mediaType: string;
  /** The manifest's own size, in bytes. */
  readonly size: number;
  readonly artifactType?: string;
  readonly config?: Descriptor;
  readonly layers: readonly Descriptor[];
  /** An index's manifests. */
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

/** Every type must be named: a registry answers 404, or converts an index, if the stored type is not accepted. */
export const MANIFEST_TYPES = [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST];

const IMAGE_CONFIGS = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];
const CHART_CONFIG = "application/vnd.cncf.helm.config.v1+json";
const COSIGN_LAYER = "application/vnd.dev.cosign.simplesigning.v1+json";
const IN_TOTO = "application/vnd.in-toto+json";
const BUILD_CACHE = "application/vnd.buildkit.cacheconfig.v0";

/**
 * What a manifest is for a user: an image of one platform, an index of several, a Helm chart, a signature, an
 * attestation, a build cache, or another artifact.
 */
export type Kind =
  "image" | "index" | "chart" | "signature" | "attestation" | "build cache" | "artifact";

/**
 * Reads a manifest of any of the four types.
 * @throws Error if it is not JSON, or of schema 1
 */
export function parseManifest(digest: string, contentType: string, bytes: Uint8Array): Manifest {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  } catch (error) {
    throw new Error(`the manifest ${digest} is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (value["schemaVersion"] === 1)
    throw new Error(`the manifest ${digest} has schema 1, which no current runtime can run`);
  const config = value["config"] as Descriptor | undefined;
  const subject = value["subject"] as Descriptor | undefined;
  const artifactType = value["artifactType"] as string | undefined;
  return {
    digest,
    // An OCI manifest need not name its type, and then the header does.
    mediaType: (value["mediaType"] as string | undefined) ?? contentType.split(";")[0]!.trim(),
    size: bytes.length,
    layers: (value["layers"] as Descriptor[] | undefined) ?? [],
    manifests: (value["manifests"] as Descriptor[] | undefined) ?? [],
    annotations: (value["annotations"] as Record<string, string> | undefined) ?? {},
    ...(artifactType !== undefined && { artifactType }),
    ...(config !== undefined && { config }),
    ...(subject !== undefined && { subject }),
  };
}

/** Whether the manifest lists other manifests. */
export const isIndex = ({ mediaType, manifests }: Manifest) =>
  mediaType === OCI_INDEX || mediaType === DOCKER_LIST || manifests.length > 0;

/** Whether the manifest's config describes an image that can run. */
export const hasImageConfig = ({ config }: Manifest) =>
  config !== undefined && IMAGE_CONFIGS.includes(config.mediaType);

/** Whether an index's entry is an attestation of another entry, as BuildKit writes them. */
export const isAttestationEntry = ({ annotations, platform }: Descriptor) =>
  annotations?.["vnd.docker.reference.type"] === "attestation-manifest" ||
  (platform?.os === "unknown" && platform.architecture === "unknown");

export function kindOf(manifest: Manifest): Kind {
  const { config, layers, artifactType, manifests } = manifest;
  const types = [artifactType, config?.mediaType, ...layers.map(({ mediaType }) => mediaType)];
  const some = (match: (type: string) => boolean) =>
    types.some((type) => type !== undefined && match(type));
  // BuildKit stores a cache as an index whose entries are layers.
  if (types.includes(BUILD_CACHE) || manifests.some(({ mediaType }) => mediaType === BUILD_CACHE))
    return "build cache";
  if (isIndex(manifest)) return "index";
  if (types.includes(CHART_CONFIG)) return "chart";
  if (
    some(
      (type) =>
        type === COSIGN_LAYER ||
        type.includes("sigstore.bundle") ||
        type.includes("notary.signature"),
    )
  )
    return "signature";
  if (types.includes(IN_TOTO) || some((type) => type.includes("in-toto"))) return "attestation";
  return hasImageConfig(manifest) ? "image" : "artifact";
}

/** `linux/amd64` or `linux/arm/v7`. */
export const platformText = ({ os, architecture, variant }: Platform) =>
  [os, architecture, ...(variant === undefined || variant === "" ? [] : [variant])].join("/");
