import { OWNER_LABEL } from "../helper/commands";
import type { Daemon } from "../helper/payload";
import type { Observation } from "./observation";
import { clusterOfRecord, DEFAULT_CLUSTER, type RecordIds } from "./records";

/** The container of the registry, of a cache or of the page, on one host after the last run, from the stack's own state. */
export interface PastRegistry {
  readonly host: string;
  /** Whether the claim has made room for a container. */
  readonly claimed: boolean;
  /** Undefined if the state has no container of this host. */
  readonly container?: { readonly id: string; readonly labels: Readonly<Record<string, string>> };
  readonly data?: Data;
  /** Reference of the image that its container was made from. */
  readonly image?: string;
  /** `ADDRESS:PORT`, as in image names; set for the registry itself once it ran. */
  readonly imagePrefix?: string;
}

/** The place of the images. */
export type Data = { readonly volume: string } | { readonly path: string };

/** A patch of one daemon's files on one host, which the delete of its guard undoes. */
export interface PastGuard {
  readonly host: string;
  readonly daemon: Daemon;
  /** Name of the record on the host. */
  readonly id: string;
  /** The ClusterRegistry that it belongs to; undefined for a component that is used alone. */
  readonly cluster: string | undefined;
  readonly sudo: boolean;
  /** As in the Command's inputs. */
  readonly connection: Readonly<Record<string, unknown>>;
  /** As in the Command's inputs. */
  readonly triggers?: unknown[];
  /** All of the Command's inputs. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** All inputs of the apply's Command; undefined if it never succeeded. */
  readonly apply?: Readonly<Record<string, unknown>>;
}

/** The output `state` of a node's component whose host does not answer any more: see components/gone-host.ts. */
export const GONE = "gone";

/** The inputs that the Commands of a patch have. Their outputs have them too. */
const INPUTS = [
  ...["connection", "create", "delete", "stdin", "triggers", "logging", "addPreviousOutputInEnv"],
];

/** An earlier run, as far as a plan needs it, from the stack's own state. */
export interface Past {
  readonly registries: readonly PastRegistry[];
  readonly guards: readonly PastGuard[];
  /** The registry's page. @default none */
  readonly pages?: readonly PastRegistry[];
  /** The caches, each with the name of its component in place of the host: see `pastCache`. @default none */
  readonly caches?: readonly PastRegistry[];
  /**
   * Guards that are replaced in this run, so that they are undone on the host that had the name before. @default none
   */
  readonly undone?: readonly PastGuard[];
}

/** The answer of both engines to `readStackResourceOutputs`: each resource's outputs, by URN. */
export type ResourceOutputs = Readonly<
  Record<string, { readonly type: string; readonly outputs: Readonly<Record<string, unknown>> }>
>;

const COMPONENT = "cluster-registry:index:";
/** The container's folder of images. */
const DATA_PATH = "/var/lib/registry";

/**
 * Reads the past of one ClusterRegistry from the resources in the state, and ignores other resources. In older states,
 * its parts have no parent.
 */
export function pastOf(resources: ResourceOutputs, cluster = DEFAULT_CLUSTER): Past {
  const guards = Object.entries(resources).flatMap(([urn, { outputs }]) => {
    const guard = guardOf(urn, outputs);
    if (guard?.cluster !== cluster || isGone(urn, resources)) return [];
    const apply = resources[urn.replace(/-guard$/, "-apply")];
    return [{ ...guard, ...(apply && { apply: inputsOf(apply.outputs) }) }];
  });
  const of = (component: Component) =>
    containersOf(
      resources,
      component,
      (id, urn) => clusterOfRecord(id, ...stackOf(urn)) === cluster,
      (name, urn) => hostName(urn, name, cluster),
    );
  const caches = of("RegistryCache");
  return {
    registries: of("RegistryContainer"),
    pages: of("RegistryUi"),
    guards,
    ...(caches.length > 0 && { caches }),
  };
}

/** The name of a cache's component, after that of its cluster. */
export const cacheName = (host: string, port: number) => `${host}-cache-${port}`;

/** The cache on this port of the host after the last run. */
export function pastCache(
  { caches = [] }: Past,
  host: string,
  port: number,
): PastRegistry | undefined {
  return caches.find((one) => one.host === cacheName(host, port));
}

/** The components that have a container, with what the names of its resources have behind the host's. */
const SUFFIXES = { RegistryContainer: "", RegistryCache: "", RegistryUi: "-ui" } as const;
type Component = keyof typeof SUFFIXES;

/** True if the delete of this guard undoes nothing, because its host did not answer in the last run. */
function isGone(urn: string, resources: ResourceOutputs): boolean {
  const component = urn
    .replace("$command:remote:Command::", "::")
    .replace(/-(containerd|docker)-guard$/, "");
  return resources[component]?.outputs["state"] === GONE;
}

/** The past of a component that is used alone, under the present name of its host. */
export function pastAlone(
  resources: ResourceOutputs,
  { container, page }: Pick<RecordIds, "container" | "page">,
  host: string,
): Past {
  const of = (component: Component, record: string) =>
    containersOf(
      resources,
      component,
      (id) => id === record,
      () => host,
    );
  return {
    registries: of("RegistryContainer", container),
    pages: of("RegistryUi", page),
    guards: [],
  };
}

function containersOf(
  resources: ResourceOutputs,
  component: Component,
  isOwn: (record: string, urn: string) => boolean,
  hostOf: (name: string, urn: string) => string,
): PastRegistry[] {
  const found = new Map<string, PastRegistry>();
  const add = (host: string, what: Partial<PastRegistry>) =>
    found.set(host, { host, claimed: false, ...found.get(host), ...what });
  for (const [urn, { outputs }] of Object.entries(resources)) {
    const { type, name } = parts(urn);
    const host = (last: string) => {
      const suffix = `${SUFFIXES[component]}${last}`;
      return hostOf(name.slice(0, -suffix.length), urn);
    };
    if (
      type.endsWith(`${COMPONENT}${component}$command:remote:Command`) &&
      name.endsWith("-claim") &&
      isOwn(/ container-claim ([A-Za-z0-9._-]+)/.exec(text(outputs["create"]))?.[1] ?? "", urn)
    )
      add(host("-claim"), { claimed: true });
    if (type.endsWith(`${COMPONENT}${component}$docker:index/container:Container`)) {
      const data = dataOf(outputs["volumes"]);
      const labels = labelsOf(outputs["labels"]);
      if (isOwn(labels[OWNER_LABEL] ?? "", urn))
        add(host("-container"), {
          container: { id: text(outputs["id"]), labels },
          ...(data && { data }),
        });
    }
  }
  // After the others: whose component or image it is, only the other members tell.
  for (const [urn, { outputs }] of Object.entries(resources)) {
    const { type, name } = parts(urn);
    if (type.endsWith(`${COMPONENT}${component}$docker:index/remoteImage:RemoteImage`)) {
      const suffix = `${SUFFIXES[component]}-image`;
      const owner = hostOf(name.slice(0, -suffix.length), urn);
      const image = text(outputs["name"]);
      if (image !== "" && found.has(owner)) add(owner, { image });
    }
    const host = hostOf(name, urn);
    const imagePrefix = text(outputs["imagePrefix"]);
    if (type.endsWith(`${COMPONENT}${component}`) && imagePrefix !== "" && found.has(host))
      add(host, { imagePrefix });
  }
  return [...found.values()];
}

/** The guard that a resource represents; undefined for other resources. */
export function guardOf(
  urn: string,
  outputs: Readonly<Record<string, unknown>>,
): PastGuard | undefined {
  const { type, name } = parts(urn);
  const [, component, before = "", daemon] =
    /(?:^|\$)cluster-registry:index:(\w+)\$command:remote:Command::(.*)-(containerd|docker|page|timer)-guard$/.exec(
      `${type}::${name}`,
    ) ?? [];
  const script = text(outputs["delete"]);
  const id = / undo ([A-Za-z0-9._-]+)/.exec(script)?.[1];
  const connection = outputs["connection"];
  if (component === undefined || id === undefined || typeof connection !== "object")
    return undefined;
  const cluster = clusterOfRecord(id, ...stackOf(urn));
  const triggers = outputs["triggers"];
  return {
    host: hostName(urn, before, cluster),
    daemon: daemon as PastGuard["daemon"],
    id,
    cluster,
    sudo: script.includes("sudo -n"),
    connection: (connection ?? {}) as Readonly<Record<string, unknown>>,
    ...(Array.isArray(triggers) && { triggers }),
    inputs: inputsOf(outputs),
  };
}

function inputsOf(outputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(outputs).filter(([key]) => INPUTS.includes(key)));
}

/** The place where an existing container keeps its images. */
export function liveData(
  container: NonNullable<NonNullable<Observation["docker"]>["containers"]>[number],
): Data | undefined {
  const mount = container.mounts.find(({ destination }) => destination === DATA_PATH);
  if (mount === undefined) return undefined;
  return mount.type === "bind" ? { path: mount.source } : { volume: mount.name ?? mount.source };
}

/**
 * The part of a resource's name before the suffix: the host's name. For children of a ClusterRegistry, its own name
 * comes first.
 */
function hostName(urn: string, name: string, cluster: string | undefined): string {
  const child = parts(urn).type.includes(`${COMPONENT}ClusterRegistry$`);
  return child && cluster !== undefined && name.startsWith(`${cluster}-`)
    ? name.slice(cluster.length + 1)
    : name;
}

/** Project and stack of a URN. */
function stackOf(urn: string): [project: string, stack: string] {
  const [head = "", project = ""] = urn.split("::");
  return [project, head.slice("urn:pulumi:".length)];
}

/** The types at the end of a URN, including those of the parents, and the name. */
function parts(urn: string): { type: string; name: string } {
  const [, , type = "", ...name] = urn.split("::");
  return { type, name: name.join("::") };
}

function dataOf(volumes: unknown): Data | undefined {
  const mount = objects(volumes).find(({ containerPath }) => containerPath === DATA_PATH);
  const path = text(mount?.["hostPath"]);
  const volume = text(mount?.["volumeName"]);
  return path !== "" ? { path } : volume !== "" ? { volume } : undefined;
}

function labelsOf(labels: unknown): Record<string, string> {
  return Object.fromEntries(
    objects(labels).map(({ label, value }) => [text(label), text(value)] as const),
  );
}

function objects(list: unknown): Record<string, unknown>[] {
  return Array.isArray(list) ? (list as Record<string, unknown>[]) : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
