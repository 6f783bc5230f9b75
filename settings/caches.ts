import { hostPort, isImageHost, isUpstream } from "./formats";
import { type Problem, propertyPath } from "./problem";
import { DEFAULT_PORT, type Settings } from "./schema";

/** A cache of one upstream registry, with its defaults filled in. */
export interface Cache {
  /** The registry in image names, such as `docker.io`. */
  readonly name: string;
  /** The upstream's URL, without a slash at the end. */
  readonly upstream: string;
  readonly port: number;
  /** `http://ADDRESS:PORT`, which the nodes and Docker ask first. */
  readonly url: string;
  /** The container's name on the registry host. */
  readonly container: string;
  readonly volume: string;
  /** The volume stays on destroy: the settings name it, so it may have been there before. */
  readonly keepsVolume: boolean;
  /** The login at the upstream. The password is a secret. */
  readonly login?: { readonly username: string; readonly password: string };
}

/** The registry of image names without a registry. */
export const DOCKER_HUB = "docker.io";
/** The hosts that serve it. */
const HUB_HOSTS = ["registry-1.docker.io", "index.docker.io"];

/** The caches of the settings, in their order. */
export function cachesOf({ caches, registry }: Pick<Settings, "caches" | "registry">): Cache[] {
  return caches.map((cache) => {
    const name = cache.name ?? nameOf(cache.upstream);
    const { username, password } = cache;
    return {
      name,
      upstream: cache.upstream.replace(/\/$/, ""),
      port: cache.port,
      url: `http://${hostPort(registry.address, cache.port)}`,
      container: cacheContainer(cache.port),
      volume: cache.volume ?? volumeOf(cache.port, name),
      keepsVolume: cache.volume !== undefined,
      ...(username !== undefined && password !== undefined && { login: { username, password } }),
    };
  });
}

/**
 * What the nodes have as mirrors: the caches come before the mirrors of the same name, or of all names. An upstream that is
 * served over plain HTTP stands at the end, because containerd would ask the name over HTTPS. Docker Hub is there for the
 * name docker.io, whatever the cache asks.
 */
export function mirrorsOf(settings: Settings): Settings["mirrors"] {
  const mirrors = { ...settings.mirrors };
  for (const { name, url, upstream } of cachesOf(settings)) {
    const isPlain = upstream.startsWith("http:") && name !== DOCKER_HUB;
    // containerd asks those of all names only where a name has none of its own.
    const others = mirrors[name] ?? mirrors["_default"] ?? [];
    const isListed = others.some((each) => sameUrl(urlOf(each), upstream));
    mirrors[name] = [url, ...others, ...(isPlain && !isListed ? [upstream] : [])];
  }
  return mirrors;
}

/** The mirrors of Docker Hub in daemon.json: Docker has none for other registries. */
export function dockerMirrors(settings: Settings): string[] {
  return cachesOf(settings).flatMap(({ name, url }) => (name === DOCKER_HUB ? [url] : []));
}

/** The contradictions between caches, and with the registry. The values are unchecked. */
export function cacheProblems(
  caches: readonly Fields[],
  registry: Fields,
  ui: Fields,
  mirrors: Fields,
): Problem[] {
  return caches.flatMap((cache, index) => {
    const others = caches.slice(0, index);
    const say = (key: string, reason: string) => ({
      path: propertyPath(["caches", index, key]),
      reason,
    });
    return [
      ...portProblems(cache, others, registry, ui).map((reason) => say("port", reason)),
      ...upstreamProblems(cache, caches, registry).map((reason) => say("upstream", reason)),
      ...nameProblems(cache, others, registry, mirrors).map((reason) => say("name", reason)),
      ...volumeProblems(cache, others, registry).map((reason) => say("volume", reason)),
      ...loginProblems(cache).map(({ key, reason }) => say(key, reason)),
    ];
  });
}

type Fields = Record<string, unknown>;

function portProblems({ port }: Fields, others: Fields[], registry: Fields, ui: Fields): string[] {
  if (typeof port !== "number") return [];
  if (port === (registry["port"] ?? DEFAULT_PORT)) return [`${port} is registry.port already`];
  if (port === ui["port"]) return [`${port} is ui.port already`];
  const first = others.findIndex((other) => other["port"] === port);
  return first < 0 ? [] : [`${port} is caches[${first}].port already`];
}

/** A cache that asks itself, or the registry beside it, would hold every image twice or answer never. */
function upstreamProblems({ upstream }: Fields, caches: readonly Fields[], registry: Fields) {
  const { address, port = DEFAULT_PORT } = registry;
  if (typeof upstream !== "string" || !isUpstream(upstream) || typeof address !== "string")
    return [];
  const at = endOf(upstream);
  const own = [port, ...caches.map((cache) => cache["port"])].filter(
    (each) => typeof each === "number",
  );
  const found = own.find((each) => hostPort(address, each).toLowerCase() === at);
  if (found === undefined) return [];
  const what = found === port ? "this registry itself" : "a cache on the same host";
  return [
    `expected another registry, found ${what}: nodes pull from ${at} directly; leave the cache out`,
  ];
}

function nameProblems(
  cache: Fields,
  others: Fields[],
  { address, port = DEFAULT_PORT }: Fields,
  mirrors: Fields,
): string[] {
  const name = calledBy(cache);
  if (name === undefined) return [];
  if (cache["name"] === undefined && !isImageHost(name))
    return [
      `missing: no image name can begin with ${name}, the upstream's host; expected the registry's name in image names`,
    ];
  if (typeof address === "string" && typeof port === "number" && name === hostPort(address, port))
    return [
      `expected another registry's name, found this one's: its images are not cached; leave the cache out`,
    ];
  const first = others.findIndex((other) => calledBy(other) === name);
  if (first >= 0) return [`${name} is the name of caches[${first}] already`];
  const own = urlOfOwn(address, cache["port"]);
  const listed = mirrors[name];
  if (
    Array.isArray(listed) &&
    listed.some((each) => own !== undefined && sameText(urlOf(each), own))
  )
    return [`the cache is in mirrors["${name}"] already: leave it out there`];
  return [];
}

function volumeProblems(cache: Fields, others: Fields[], registry: Fields): string[] {
  const volume = heldBy(cache);
  if (volume === undefined) return [];
  if (volume === (registry["volume"] ?? "registry-data"))
    return [`${volume} holds the registry's own images: expected another volume`];
  const first = others.findIndex((other) => heldBy(other) === volume);
  return first < 0 ? [] : [`${volume} is the volume of caches[${first}] already`];
}

function loginProblems({ username, password }: Fields): { key: string; reason: string }[] {
  if ((username === undefined) === (password === undefined)) return [];
  const [key, other] = username === undefined ? ["username", "password"] : ["password", "username"];
  return [{ key, reason: `missing: expected one together with ${other}, or none of both` }];
}

/** The name of a cache whose settings are unchecked; undefined if they are wrong. */
function calledBy({ name, upstream }: Fields): string | undefined {
  if (typeof name === "string") return name;
  return name === undefined && typeof upstream === "string" && isUpstream(upstream)
    ? nameOf(upstream)
    : undefined;
}

function heldBy(cache: Fields): string | undefined {
  const { volume, port } = cache;
  if (typeof volume === "string") return volume;
  const name = calledBy(cache);
  if (volume !== undefined || name === undefined || typeof port !== "number") return undefined;
  return volumeOf(port, name);
}

function nameOf(upstream: string): string {
  const { host } = new URL(upstream);
  return HUB_HOSTS.includes(host) ? DOCKER_HUB : host;
}

/** `HOST:PORT`, also for the scheme's own port. */
function endOf(upstream: string): string {
  const { protocol, hostname, port } = new URL(upstream);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

function urlOfOwn(address: unknown, port: unknown): string | undefined {
  return typeof address === "string" && typeof port === "number"
    ? `http://${hostPort(address, port)}`
    : undefined;
}

const sameUrl = (a: string, b: string) => URL.canParse(a) && new URL(a).href === new URL(b).href;

const sameText = (a: string, b: string) => a.replace(/\/$/, "") === b;

function urlOf(endpoint: unknown): string {
  if (typeof endpoint === "string") return endpoint;
  const { url } = (endpoint ?? {}) as { url?: unknown };
  return typeof url === "string" ? url : "";
}

/**
 * The port is in the names of a cache's container and volume, so that they can change together with it: two containers
 * cannot share a port, and a volume of one upstream has no images of another.
 */
export const cacheContainer = (port: number) => `registry-cache-${port}`;

/** A volume's name has no colons and brackets. An image's host has no underscore. */
const volumeOf = (port: number, name: string) =>
  `registry-cache-${port}-${name.replace(/[[\]]/g, "").replaceAll(":", "_")}`;
