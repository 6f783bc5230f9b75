import { imagePrefix } from "../decision/plan";
import { type ImageUse, imagesInUse } from "../kube/images";
import { withConnection } from "../observation/hosts";
import { learnBastions, showKey } from "../observation/learn";
import { BlobStreams } from "../registry/blob-streams";
import { RegistryClient } from "../registry/client";
import type { HostAccess } from "../settings/access";
import type { ClusterFile } from "../settings/cluster";
import type { Settings } from "../settings/schema";
import type { Connection } from "../ssh/connection";
import { InUse } from "./in-use";
import { namesOf } from "./names";
import { overSsh, streamsOverSsh } from "./over-ssh";

/** A registry that can be read, over one SSH connection to its host. */
export interface RegistrySession {
  readonly client: RegistryClient;
  readonly streams: BlobStreams;
  readonly connection: Connection;
  readonly host: HostAccess;
  /** `ADDRESS:PORT`, as image names begin. */
  readonly prefix: string;
}

/** Connects to the registry's host, does the work, and closes the connection. */
export async function withRegistry<T>(
  settings: Settings,
  access: ReadonlyMap<string, HostAccess>,
  say: (line: string) => void,
  work: (session: RegistrySession) => Promise<T>,
): Promise<T> {
  const { host: name, address, port } = settings.registry;
  const [host] = await learnBastions([access.get(name)!], showKey(say));
  return withConnection(
    host!,
    (connection) =>
      work({
        client: new RegistryClient(overSsh(connection, address, port)),
        streams: new BlobStreams(streamsOverSsh(connection, address, port)),
        connection,
        host: host!,
        prefix: imagePrefix(settings),
      }),
    say,
  );
}

/**
 * What the cluster uses of this registry; undefined without a cluster.
 * @throws Error if the cluster does not answer: then nothing may be removed
 */
export async function readInUse(
  settings: Settings,
  cluster: ClusterFile | undefined,
  list: (cluster: ClusterFile) => Promise<ImageUse[]> = imagesInUse,
): Promise<InUse | undefined> {
  if (cluster === undefined) return undefined;
  return new InUse(await list(cluster), namesOf(settings));
}
