import { canonicalJson } from "../helper/payload";
import type { ContainerdInput, EndpointInput } from "../patch";
import { sameMirror } from "../patch/containerd/mirrors";
import type { Want } from "./owned-files";

/** What one stack needs from containerd on a node, as in its record. */
export interface MirrorSpec {
  registry: string;
  endpoints: readonly EndpointInput[];
  mirrors: Readonly<Record<string, readonly EndpointInput[]>>;
  migrate: boolean;
}

/** What one stack needs from dockerd, as in its record. */
export interface InsecureSpec {
  insecureRegistries: readonly string[];
  /** Mirrors of Docker Hub. @default none */
  registryMirrors?: readonly string[];
}

/** One registry host, with its endpoints and the stack that wants each of them. */
interface Host {
  name: string;
  own: boolean;
  endpoints: { by: string; endpoint: EndpointInput }[];
}

/**
 * Unites what several stacks need from containerd on one node, in the order of the claimants: each registry once, with
 * the endpoints of all.
 * @throws Error if two stacks have different settings for one endpoint
 */
export function uniteMirrors(
  wants: readonly Want[],
): Pick<ContainerdInput, "registry" | "mirrors" | "migrate"> {
  const hosts = new Map<string, Host>();
  const add = (name: string, own: boolean, by: string, endpoints: readonly EndpointInput[]) => {
    const host = hosts.get(name) ?? { name, own, endpoints: [] };
    host.own ||= own;
    for (const endpoint of endpoints) addEndpoint(host, by, endpoint);
    hosts.set(name, host);
  };
  const specs = wants.map(({ id, spec }) => ({ id, spec: mirrorSpec(id, spec) }));
  for (const { id, spec } of specs) add(spec.registry, true, id, spec.endpoints);
  for (const { id, spec } of specs) {
    for (const [name, endpoints] of Object.entries(spec.mirrors)) add(name, false, id, endpoints);
  }
  const united = [...hosts.values()].map(({ name, own, endpoints }) => ({
    address: name,
    own,
    endpoints: endpoints.map(({ endpoint }) => endpoint),
  }));
  return {
    registry: united.filter(({ own }) => own),
    mirrors: Object.fromEntries(
      united.filter(({ own }) => !own).map(({ address, endpoints }) => [address, endpoints]),
    ),
    migrate: specs.some(({ spec }) => spec.migrate),
  };
}

/** The insecure registries that several stacks need in dockerd, in the order of the claimants. */
export function uniteInsecure(wants: readonly Want[]): string[] {
  return [...new Set(wants.flatMap(({ id, spec }) => insecureSpec(id, spec).insecureRegistries))];
}

/** The mirrors of Docker Hub that several stacks need in dockerd, in the order of the claimants. */
export function uniteDockerMirrors(wants: readonly Want[]): string[] {
  return [
    ...new Set(wants.flatMap(({ id, spec }) => insecureSpec(id, spec).registryMirrors ?? [])),
  ];
}

function addEndpoint(host: Host, by: string, endpoint: EndpointInput): void {
  const known = host.endpoints.find((one) => sameMirror(urlOf(one.endpoint), urlOf(endpoint)));
  if (known === undefined) host.endpoints.push({ by, endpoint });
  else if (
    known.by !== by &&
    canonicalJson(settingsOf(known.endpoint)) !== canonicalJson(settingsOf(endpoint))
  )
    throw new Error(
      `expected one set of settings for ${urlOf(endpoint)}, a mirror of ${host.name}; found ${JSON.stringify(known.endpoint)} ` +
        `of ${known.by}, and ${JSON.stringify(endpoint)} of ${by}: make the two stacks' settings equal`,
    );
}

const urlOf = (endpoint: EndpointInput) => (typeof endpoint === "string" ? endpoint : endpoint.url);

/** Everything but the address. */
function settingsOf(endpoint: EndpointInput): object {
  return typeof endpoint === "string" ? {} : { ...endpoint, url: undefined };
}

function mirrorSpec(id: string, spec: unknown): MirrorSpec {
  const { registry, endpoints, mirrors, migrate } = (spec ?? {}) as Partial<MirrorSpec>;
  if (typeof registry !== "string" || !Array.isArray(endpoints) || typeof mirrors !== "object")
    throw unknownSpec(id, spec);
  return { registry, endpoints, mirrors, migrate: migrate === true };
}

function insecureSpec(id: string, spec: unknown): InsecureSpec {
  const { insecureRegistries, registryMirrors = [] } = (spec ?? {}) as Partial<InsecureSpec>;
  if (!Array.isArray(insecureRegistries) || !Array.isArray(registryMirrors))
    throw unknownSpec(id, spec);
  return { insecureRegistries, registryMirrors };
}

function unknownSpec(id: string, spec: unknown): Error {
  return new Error(
    `expected a record of ${id} that this version can read; found ${JSON.stringify(spec)}: ` +
      "run a version of cluster-registry that is as new as the one that wrote it",
  );
}
