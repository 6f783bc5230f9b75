import type { Seen, Surveyed } from "../observation/hosts";
import { cacheName, type Past, type PastGuard, type PastRegistry } from "../observation/past";
import type { Settings } from "../settings/schema";
import { enrolledId } from "./decide";

/**
 * The name that the registry's host had in the last run, if the settings have another name for the same machine now.
 * The records on the host do not have the host's name. So without this, the resources of the former name would be
 * deleted at the end of a run, and would take away what those of the new name have just found in place.
 */
export function formerName(
  { registry }: Pick<Settings, "registry">,
  surveyed: ReadonlyMap<string, Surveyed>,
  past: Past,
): string | undefined {
  const patches = past.guards.filter(({ daemon }) => daemon !== "containerd");
  const names = new Set([...patches, ...past.registries].map(({ host }) => host));
  // A run that was interrupted can have left some resources under the present name.
  const [former, ...more] = [...names].filter((name) => name !== registry.host);
  const now = seen(surveyed.get(registry.host));
  if (former === undefined || more.length > 0 || now === undefined) return undefined;
  const guards = patches.filter(({ host }) => host === former);
  const registries = past.registries.filter(({ host }) => host === former);
  const there = seen(surveyed.get(former));
  if (there !== undefined && hasTraces(there, guards, registries)) return undefined;
  const isSame =
    hasTraces(now, guards, registries) || guards.some((guard) => isAddressOf(guard, now));
  return isSame ? former : undefined;
}

/** The last run, with the present name of the registry's host. */
export function underName(past: Past, former: string, name: string): Past {
  const renamed = <T extends { readonly host: string }>(one: T): T =>
    one.host === former ? { ...one, host: name } : one;
  const cache = (one: PastRegistry): PastRegistry => {
    const [, host, port] = /^(.+)-cache-(\d+)$/.exec(one.host) ?? [];
    return host === former ? { ...one, host: cacheName(name, Number(port)) } : one;
  };
  return {
    ...past,
    registries: joined(past.registries.map(renamed)),
    guards: past.guards.map((one) => (one.daemon === "containerd" ? one : renamed(one))),
    ...(past.pages && { pages: joined(past.pages.map(renamed)) }),
    ...(past.caches && { caches: joined(past.caches.map(cache)) }),
  };
}

/** An interrupted run can have left one container's resources under both names. */
function joined(all: readonly PastRegistry[]): PastRegistry[] {
  const found = new Map<string, PastRegistry>();
  for (const one of all) {
    const other = found.get(one.host);
    found.set(one.host, { ...other, ...one, claimed: one.claimed || other?.claimed === true });
  }
  return [...found.values()];
}

/** In a preview: a person has changed a name, and wants to know what becomes of the images. */
export function renamedNote(former: string, name: string): string {
  return `${name}: this is the registry's host that was called ${former}. The registry and its images stay where they are`;
}

function seen(found: Surveyed | undefined): Seen | undefined {
  return found === undefined || "error" in found ? undefined : found;
}

/** Whether the host has the container of the last run, or the id that it was enrolled with. */
function hasTraces(
  { observation }: Seen,
  guards: readonly PastGuard[],
  registries: readonly PastRegistry[],
): boolean {
  const enrolled = enrolledId(observation);
  const containers = observation.docker?.containers ?? [];
  return (
    guards.some((guard) => enrolledIn(guard) === enrolled) ||
    registries.some(({ container }) => containers.some(({ id }) => id === container?.id))
  );
}

function enrolledIn({ inputs }: PastGuard): string | undefined {
  const create = inputs["create"];
  return typeof create === "string"
    ? / guard [\w.-]+ ([\w.-]+) (?:docker|page|timer)\b/.exec(create)?.[1]
    : undefined;
}

/** A host that was reinstalled has no traces. The delete of the former name would run on it, though. */
function isAddressOf({ connection }: PastGuard, { access }: Seen): boolean {
  const { host, port, proxy } = access.login;
  const via = connection["proxy"] as Readonly<Record<string, unknown>> | undefined;
  return (
    connection["host"] === host && connection["port"] === port && via?.["host"] === proxy?.host
  );
}
