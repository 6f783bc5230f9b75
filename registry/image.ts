import type { RegistryClient } from "./client";
import {
  type Descriptor,
  hasImageConfig,
  isAttestationEntry,
  isIndex,
  type Kind,
  kindOf,
  type Manifest,
  type Platform,
} from "./manifest";

/** What one tag or digest holds, with the manifests that an index lists. */
export interface Image {
  readonly kind: Kind;
  readonly manifest: Manifest;
  /** The config of an image of one platform. */
  readonly config?: ImageConfig;
  /** The entries of an index that are in the registry, without attestations. */
  readonly platforms: readonly Image[];
  /** The attestations that an index lists. */
  readonly attestations: readonly Manifest[];
  /** Entries of an index that the registry does not have. */
  readonly missing: readonly Descriptor[];
  readonly platform?: Platform;
  /** When the image was built; the newest platform of an index; undefined if no config says it. */
  readonly created?: string;
}

/** The fields of an image's config that people look at. Source: the OCI image specification, "Image Configuration". */
export interface ImageConfig {
  readonly created?: string;
  readonly os?: string;
  readonly architecture?: string;
  readonly variant?: string;
  readonly author?: string;
  readonly config?: {
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Env?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly ExposedPorts?: Readonly<Record<string, unknown>> | null;
    readonly WorkingDir?: string;
    readonly User?: string;
  };
  readonly history?: readonly {
    readonly created?: string;
    readonly created_by?: string;
    readonly empty_layer?: boolean;
    readonly comment?: string;
  }[];
}

/**
 * Reads a tag or digest with its config, or with the manifests of an index and their configs. Undefined if the registry
 * does not have it.
 */
export async function readImage(
  client: RegistryClient,
  repository: string,
  reference: string,
): Promise<Image | undefined> {
  const manifest = await client.manifest(repository, reference);
  return manifest === undefined ? undefined : describe(client, repository, manifest);
}

async function describe(
  client: RegistryClient,
  repository: string,
  manifest: Manifest,
): Promise<Image> {
  const kind = kindOf(manifest);
  if (isIndex(manifest) && kind !== "build cache")
    return describeIndex(client, repository, manifest);
  const config = hasImageConfig(manifest)
    ? await readConfig(client, repository, manifest)
    : undefined;
  const created = config?.created ?? manifest.annotations["org.opencontainers.image.created"];
  const platform = config === undefined ? undefined : platformOf(config);
  return {
    kind,
    manifest,
    platforms: [],
    attestations: [],
    missing: [],
    ...(config !== undefined && { config }),
    ...(platform !== undefined && { platform }),
    ...(created !== undefined && { created }),
  };
}

async function describeIndex(
  client: RegistryClient,
  repository: string,
  manifest: Manifest,
): Promise<Image> {
  const entries = await Promise.all(
    manifest.manifests.map(async (entry) => {
      const found = await client.manifest(repository, entry.digest);
      if (found === undefined) return { entry };
      if (isAttestationEntry(entry)) return { entry, attestation: found };
      const image = await describe(client, repository, found);
      return { entry, image: { ...image, ...(entry.platform && { platform: entry.platform }) } };
    }),
  );
  const platforms = entries.flatMap(({ image }) => (image === undefined ? [] : [image]));
  const created = platforms
    .flatMap((image) => (image.created === undefined ? [] : [image.created]))
    .sort((a, b) => Date.parse(a) - Date.parse(b))
    .at(-1);
  return {
    kind: "index",
    manifest,
    platforms,
    attestations: entries.flatMap(({ attestation }) => (attestation ? [attestation] : [])),
    missing: entries.flatMap(({ entry, image, attestation }) =>
      image === undefined && attestation === undefined ? [entry] : [],
    ),
    ...(created !== undefined && { created }),
  };
}

async function readConfig(
  client: RegistryClient,
  repository: string,
  { config }: Manifest,
): Promise<ImageConfig | undefined> {
  const { digest } = config!;
  const bytes = await client.blob(repository, digest);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as ImageConfig;
  } catch (error) {
    throw new Error(`the config ${digest} is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** A signature's config has empty values, because its media type is an image's. */
const platformOf = ({ os, architecture, variant }: ImageConfig): Platform | undefined =>
  !os || !architecture
    ? undefined
    : { os, architecture, ...(variant !== undefined && { variant }) };

/** Every blob and manifest of an image, by digest, with its size in bytes. Each digest counts once, as on disk. */
export function contentOf(image: Image): Map<string, number> {
  const content = new Map<string, number>();
  const add = ({ digest, size }: { digest: string; size: number }) => content.set(digest, size);
  const addManifest = (manifest: Manifest) => {
    add(manifest);
    if (manifest.config !== undefined) add(manifest.config);
    manifest.layers.forEach(add);
    // The entries of a build cache are blobs.
    if (kindOf(manifest) === "build cache") manifest.manifests.forEach(add);
  };
  addManifest(image.manifest);
  image.attestations.forEach(addManifest);
  for (const platform of image.platforms)
    for (const [digest, size] of contentOf(platform)) content.set(digest, size);
  return content;
}

/** The sum of the sizes of a map from digests to sizes, in bytes. */
export const bytesOf = (content: ReadonlyMap<string, number>) =>
  [...content.values()].reduce((sum, size) => sum + size, 0);

/** An image's size in bytes, each blob once. */
export const sizeOf = (image: Image) => bytesOf(contentOf(image));
