import { createHash } from "node:crypto";
import {
  type Descriptor,
  isIndex,
  type Manifest,
  MANIFEST_TYPES,
  OCI_INDEX,
} from "../../registry/manifest";

/** The files of an archive. Source: the OCI image specification, "Image Layout". */
export const MARKER = { path: "oci-layout", text: '{"imageLayoutVersion":"1.0.0"}' } as const;
export const INDEX_PATH = "index.json";
/** The backup's own file: where it comes from, and the stack's settings. */
export const RECORD_PATH = "cluster-registry.json";

export const blobPath = (digest: string) => `blobs/${digest.replace(":", "/")}`;

/** The digest that a path names; undefined if it names none. */
export function digestOfPath(path: string): string | undefined {
  const [, algorithm, hex] = /^(?:\.\/)?blobs\/([a-z0-9]+)\/([0-9a-f]{32,})$/.exec(path) ?? [];
  return algorithm === undefined ? undefined : `${algorithm}:${hex}`;
}

/** What a repository's content begins with: a tag, or an untagged manifest that refers to another one. */
export interface Root {
  readonly repository: string;
  /** Undefined for an untagged manifest. */
  readonly tag?: string;
  readonly digest: string;
}

/** `REPOSITORY:TAG`, or `REPOSITORY@DIGEST` for a manifest without a tag. */
export const rootName = ({ repository, tag, digest }: Root) =>
  tag === undefined ? `${repository}@${digest}` : `${repository}:${tag}`;

const NAME =
  /^([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::([\w][\w.-]{0,127})|@([a-z0-9]+:[0-9a-f]{32,}))$/;

/** @throws Error if the name of an entry is not one that `rootName` writes */
function parseRoot(name: string | undefined, digest: string): Root {
  const [, repository, tag, named] = NAME.exec(name ?? "") ?? [];
  if (repository === undefined || (named !== undefined && named !== digest))
    throw new Error(
      `${INDEX_PATH}: expected REPOSITORY:TAG as the name of ${digest}; found ${JSON.stringify(name ?? "")}`,
    );
  return { repository, ...(tag !== undefined && { tag }), digest };
}

const REF_NAME = "org.opencontainers.image.ref.name";
/** Marks an index that only leads other tools to an image; its value is the image's digest. */
const LEADS_TO = "io.cluster-registry.leads-to";

/** A manifest with the bytes that its digest is of. */
export interface StoredManifest {
  readonly manifest: Manifest;
  readonly content: Uint8Array;
}

/** An archive's index, with the blobs that only the index needs. */
export interface LayoutIndex {
  readonly text: string;
  readonly blobs: ReadonlyMap<string, Buffer>;
}

/**
 * Writes the index of an archive. skopeo finds only manifests of OCI's own types by name. So an image of Docker's types
 * gets a second entry of the same name: an OCI index with the image in it. Tools for which the last entry of a name counts
 * find the image itself.
 */
export function layoutIndex(
  roots: readonly Root[],
  manifests: ReadonlyMap<string, StoredManifest>,
): LayoutIndex {
  const blobs = new Map<string, Buffer>();
  const entries = roots.flatMap((root) => {
    const { manifest, content } = manifests.get(root.digest)!;
    const annotations = { [REF_NAME]: rootName(root) };
    const own = { ...descriptorOf(manifest), annotations };
    if (manifest.mediaType.startsWith("application/vnd.oci.")) return [own];
    const lead = leadTo(manifest, content);
    const digest = sha256(lead);
    blobs.set(digest, lead);
    const size = lead.length;
    const leading = { ...annotations, [LEADS_TO]: manifest.digest };
    return [{ mediaType: OCI_INDEX, digest, size, annotations: leading }, own];
  });
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries };
  return { text: `${JSON.stringify(index, null, 2)}\n`, blobs };
}

/** The entries of a list as they are, because skopeo does not look into an index inside of an index. */
function leadTo(manifest: Manifest, content: Uint8Array): Buffer {
  const list = JSON.parse(Buffer.from(content).toString()) as { manifests: unknown };
  const manifests = isIndex(manifest) ? list.manifests : [descriptorOf(manifest)];
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
}

const descriptorOf = ({ mediaType, digest, size, artifactType }: Manifest) => ({
  mediaType,
  digest,
  size,
  ...(artifactType !== undefined && { artifactType }),
});

/** The entries of an archive's index that are roots. @throws Error if the text is not an index */
export function parseIndex(text: string): Descriptor[] {
  let entries: unknown;
  try {
    entries = (JSON.parse(text) as { manifests?: unknown } | null)?.manifests;
  } catch (error) {
    throw new Error(`${INDEX_PATH} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!Array.isArray(entries)) throw new Error(`${INDEX_PATH}: expected a list of manifests`);
  for (const entry of entries as (Partial<Descriptor> | null)[])
    if (typeof entry?.digest !== "string" || typeof entry.mediaType !== "string")
      throw new Error(
        `${INDEX_PATH}: expected an entry with a digest and a type; found ${JSON.stringify(entry)}`,
      );
  const own = entries as Descriptor[];
  return own.filter(({ annotations }) => annotations?.[LEADS_TO] === undefined);
}

/** What an entry of the index names. @throws Error if that is not what `rootName` writes */
export const rootOf = ({ digest, annotations }: Descriptor) =>
  parseRoot(annotations?.[REF_NAME], digest);

export const sha256 = (content: Uint8Array) =>
  `sha256:${createHash("sha256").update(content).digest("hex")}`;

/** Whether an index's entry is a manifest. The entries of a build cache are blobs. */
const isManifest = ({ mediaType }: Descriptor) => MANIFEST_TYPES.includes(mediaType);

/** What a manifest needs: other manifests, and blobs. */
export function partsOf({ config, layers, manifests }: Manifest): {
  manifests: Descriptor[];
  blobs: Descriptor[];
} {
  return {
    manifests: manifests.filter(isManifest),
    blobs: [
      ...(config === undefined ? [] : [config]),
      ...layers,
      ...manifests.filter((entry) => !isManifest(entry)),
    ],
  };
}

/** Everything that some manifests lead to: manifests, children before their index, and blobs. */
export interface Closure {
  readonly manifests: ReadonlySet<string>;
  readonly blobs: ReadonlyMap<string, Descriptor>;
}

/** @throws Error that names a manifest that is not there */
export function closureOf(
  manifests: ReadonlyMap<string, Pick<StoredManifest, "manifest">>,
  digests: readonly string[],
): Closure {
  const reached = new Set<string>();
  const blobs = new Map<string, Descriptor>();
  const visit = (digest: string) => {
    if (reached.has(digest)) return;
    const stored = manifests.get(digest);
    if (stored === undefined) throw new Error(`the manifest ${digest} is missing`);
    const parts = partsOf(stored.manifest);
    parts.manifests.forEach((entry) => visit(entry.digest));
    parts.blobs.forEach((blob) => blobs.set(blob.digest, blob));
    reached.add(digest);
  };
  digests.forEach(visit);
  return { manifests: reached, blobs };
}
