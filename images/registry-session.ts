import { imagePrefix } from "../decision/plan";
import { type ImageUse, imagesInUse } from "../kube/images";
import { withConnection } from "../observation/hosts";
import { learnBastions, showKey } from "../observation/learn";
import { BlobStreams } from "../registry/blob-streams";
import { RegistryClient } from "../registry/client";
import type { HostAccess } from "../settings/access";
import type { Settings } from "../settings/schema";
import type { Connection } from "../ssh/connection";
import { InUse } from "./in-use";
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
  cluster: { file: string; context?: string } | undefined,
  list: (cluster: { file: string; context?: string }) => Promise<ImageUse[]> = imagesInUse,
): Promise<InUse | undefined> {
  if (cluster === undefined) return undefined;
  return new InUse(await list(cluster), namesOf(settings));
}

/** The registry's own name in references, and the names whose mirror it is: `_default` for all names. */
export function namesOf(settings: Settings): string[] {
  const prefix = imagePrefix(settings);
  const mirrored = Object.entries(settings.mirrors).flatMap(([name, endpoints]) =>
    endpoints.some((each) => hostOf(typeof each === "string" ? each : each.url) === prefix)
      ? [name]
      : [],
  );
  return [prefix, ...mirrored];
}

/** With the port, which `URL` leaves out if it is the scheme's own. */
function hostOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}
