import { recordId } from "../helper/commands";

/** Names of one component's records on the hosts, by their purpose. */
export interface RecordIds {
  mirror(node: string): string;
  readonly daemonJson: string;
  readonly container: string;
  /** The page's files, and its container. */
  readonly page: string;
  /** The files of the registry's timer. */
  readonly timer: string;
  /** A cache's container, by its port. */
  cache(port: number): string;
}

/**
 * The ClusterRegistry whose records do not contain its name: the one in this project's own program. Its stacks are
 * older than the component.
 */
export const DEFAULT_CLUSTER = "cluster";

/**
 * Record names contain project and stack, because two stacks can share a host. Two clusters of one stack can share one,
 * too.
 */
export function recordIds(project: string, stack: string, cluster = DEFAULT_CLUSTER): RecordIds {
  const id = (what: string) =>
    recordId(project, stack, cluster === DEFAULT_CLUSTER ? what : `${cluster}.${what}`);
  return {
    mirror: (node) => id(`containerd-${node}`),
    daemonJson: id("daemon-json"),
    container: id("registry"),
    page: id("registry-ui"),
    timer: id("gc-timer"),
    cache: (port) => id(`cache-${port}`),
  };
}

/** The records of a component that is used alone, by its name in the program. */
export function recordIdsAlone(project: string, stack: string, name: string): RecordIds {
  const id = (what: string) => recordId(project, stack, `${what}-${name}`);
  return {
    mirror: () => id("mirror"),
    daemonJson: id("insecure-registry"),
    container: id("registry"),
    page: id("registry-ui"),
    timer: id("gc-timer"),
    cache: (port) => id(`cache-${port}`),
  };
}

/** The name of the ClusterRegistry that a record belongs to; undefined for a component that is used alone. */
export function clusterOfRecord(id: string, project: string, stack: string): string | undefined {
  const start = `${project}.${stack}.`;
  if (!id.startsWith(start)) return undefined;
  const [, cluster, what] =
    /^(?:(.+)\.)?(containerd-.+|daemon-json|registry|registry-ui|gc-timer|cache-\d+)$/.exec(
      id.slice(start.length),
    ) ?? [undefined, undefined, undefined];
  return what === undefined ? undefined : (cluster ?? DEFAULT_CLUSTER);
}
