import { MANIFEST_TYPE } from "./image";
import { send, type Via } from "./push";

/** Docker's own type of a manifest, which `docker push` sends. */
const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

/** The parts of an image's configuration that tell what made it. */
export interface ImageConfig {
  readonly config?: { readonly Labels?: Readonly<Record<string, string>> | null };
  readonly history?: readonly { readonly created_by?: string }[];
}

/**
 * The configuration of the image that the registry has at a tag; undefined if the tag does not exist. An index of
 * several platforms has none: the answer is then empty.
 */
export async function configOf(
  via: Via,
  name: string,
  tag: string,
): Promise<ImageConfig | undefined> {
  const accept = [MANIFEST_TYPE, DOCKER_MANIFEST].join(", ");
  const path = `/v2/${name}/manifests/${tag}`;
  const { statusCode, said } = await send(via, "GET", path, { accept });
  if (statusCode === 404) return undefined;
  if (statusCode !== 200) throw new Error(`GET ${path}: expected 200 or 404, got ${statusCode}`);
  const { config } = JSON.parse(said) as { config?: { digest: string } };
  if (config === undefined) return {};
  const blob = await send(via, "GET", `/v2/${name}/blobs/${config.digest}`, {});
  if (blob.statusCode !== 200)
    throw new Error(
      `GET the configuration of ${name}:${tag}: expected 200, got ${blob.statusCode}`,
    );
  return JSON.parse(blob.said) as ImageConfig;
}
