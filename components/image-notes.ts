import { CONTAINER_NAME } from "../helper/commands";
import { InUse } from "../images/in-use";
import type { Listing } from "../images/listing";
import { namesOf } from "../images/names";
import { readHost } from "../images/read-host";
import { expiredTags, idleRules } from "../images/retention";
import { count } from "../images/words";
import { type ImageUse, imagesInUse } from "../kube/images";
import { type Surveyed, withCommands } from "../observation/hosts";
import type { HostAccess } from "../settings/access";
import type { ClusterFile } from "../settings/cluster";
import type { Settings } from "../settings/schema";

/** What a preview says of the images in the registry. */
export interface ImageNotes {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** How the registry's files and the cluster are read. */
export interface ImageReaders {
  readonly list: (host: HostAccess) => Promise<Listing>;
  readonly inUse: (cluster: ClusterFile) => Promise<ImageUse[]>;
}

const READERS: ImageReaders = {
  list: (host) => withCommands(host, (connection) => readHost(connection, host)),
  inUse: imagesInUse,
};

const NOTHING: ImageNotes = { warnings: [], infos: [] };

/** How many tags a preview names; `npm run gc -- --dry-run` names all. */
const NAMED = 10;

/**
 * Reads the registry's files if the settings depend on them: which tags `retention` would remove, and whether the server
 * keeps `deleteEnabled: false`. Nothing is read before the registry's container is there. An error is a warning, because a
 * preview does not need the images.
 */
export async function imageNotes(
  settings: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
  cluster: ClusterFile | undefined,
  readers: ImageReaders = READERS,
): Promise<ImageNotes> {
  const { registry, retention = [] } = settings;
  const found = surveyed.get(registry.host);
  if (found === undefined || "error" in found) return NOTHING;
  if (retention.length === 0 && registry.deleteEnabled) return NOTHING;
  const { containers = [] } = found.observation.docker ?? {};
  if (!containers.some(({ name }) => name === CONTAINER_NAME)) return NOTHING;
  const named = (note: string) => `${registry.host}: ${note}`;
  let listing: Listing;
  try {
    listing = await readers.list(found.access);
  } catch (error) {
    return { warnings: [`the images could not be read: ${(error as Error).message}`], infos: [] };
  }
  const deletes = registry.deleteEnabled ? undefined : deletesAnyway(listing.version);
  const going = await retentionNotes(settings, listing, cluster, readers);
  return {
    warnings: [...(deletes === undefined ? [] : [deletes]), ...going.warnings].map(named),
    infos: going.infos.map(named),
  };
}

/**
 * distribution 3.0.0 to 3.1.0 delete a tag also if deletes are off.
 * Source: GHSA-6pjf-3r9x-m592.
 */
function deletesAnyway(version: string | undefined): string | undefined {
  if (version === undefined || !/^3\.(0\.\d+|1\.0)([-+]|$)/.test(version)) return undefined;
  return (
    `registry.deleteEnabled is false, but this registry (distribution ${version}) deletes tags all the same (CVE-2026-41888): ` +
    "set registry.image to an image of 3.1.1 or later"
  );
}

async function retentionNotes(
  settings: Settings,
  { tags, now, repositories }: Listing,
  cluster: ClusterFile | undefined,
  readers: ImageReaders,
): Promise<ImageNotes> {
  const { retention = [] } = settings;
  if (retention.length === 0) return NOTHING;
  const warnings: string[] = [];
  let inUse: InUse | undefined;
  try {
    inUse = cluster && new InUse(await readers.inUse(cluster), namesOf(settings));
  } catch (error) {
    warnings.push(`it is not known what the cluster uses: ${(error as Error).message}`);
  }
  const expired = expiredTags(
    tags,
    retention,
    now,
    ({ repository, name, digest }) => (inUse?.usersOf(repository, name, [digest]) ?? []).length > 0,
  );
  const idle = idleRules(repositories, retention);
  if (expired.length === 0) return { warnings, infos: idle };
  const names = expired.map(({ tag }) => `${tag.repository}:${tag.name}`);
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  const unknown = inUse === undefined ? "; it is not known whether Pods use one of them" : "";
  const infos = [
    ...idle,
    `by the setting retention, \`npm run gc\` removes ${count(names.length, "tag")}: ${names.slice(0, NAMED).join(", ")}${more}${unknown}`,
  ];
  return { warnings, infos };
}
