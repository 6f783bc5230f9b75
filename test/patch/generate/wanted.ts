import { type Endpoint } from "../../../patch";
import { type Random } from "./random";

/** The kinds of wanted settings. */
export const WISHES = [
  "an IPv4 registry",
  "an IPv6 registry",
  "a registry by its name",
  "several endpoints of ours",
  "a CA",
  "a client certificate",
  "skip_verify",
  "override_path",
  "capabilities",
  "mirrors of docker.io wanted",
  "_default wanted",
] as const;

export type Wish = (typeof WISHES)[number];

/** One host, and the endpoints for its pulls. */
export interface Wanted {
  /** As in the settings: `_default` for all other hosts. */
  host: string;
  endpoints: Endpoint[];
}

export const DOCKER_MIRRORS = [
  "https://mirror.gcr.io",
  "https://docker-mirror.killer.sh",
  "https://registry-1.docker.io",
];

/** The registry of our own first, then mirrors of others. */
export function generateWanted(random: Random, note: (wish: Wish) => void): Wanted[] {
  const host = random.pick([
    "172.30.1.2:5000",
    "172.30.1.2:5000",
    "172.30.1.2:5000",
    "registry.lan:5000",
    "[fd00::2]:5000",
  ]);
  note(
    host.startsWith("[")
      ? "an IPv6 registry"
      : host.startsWith("r")
        ? "a registry by its name"
        : "an IPv4 registry",
  );
  const wanted: Wanted[] = [{ host, endpoints: ownEndpoints(random, host, note) }];
  if (random.chance(0.6)) {
    note("mirrors of docker.io wanted");
    wanted.push({ host: "docker.io", endpoints: DOCKER_MIRRORS.map((url) => ({ url })) });
  }
  if (random.chance(0.1)) {
    note("_default wanted");
    wanted.push({ host: "_default", endpoints: [{ url: "https://cache.example.org" }] });
  }
  return wanted;
}

function ownEndpoints(random: Random, host: string, note: (wish: Wish) => void): Endpoint[] {
  const kind = random.below(10);
  if (kind > 1) return [{ url: `http://${host}` }];
  if (kind === 1) {
    note("several endpoints of ours");
    return random.shuffled([{ url: `http://${host}` }, { url: "http://10.0.0.9:5000" }]);
  }
  const endpoint: Endpoint = { url: `https://${host}` };
  if (random.chance(0.5)) {
    note("a CA");
    endpoint.ca = "/etc/ssl/lan ca.crt";
  }
  if (random.chance(0.4)) {
    note("a client certificate");
    endpoint.client = { cert: "/etc/ssl/me.crt", key: "/etc/ssl/me.key" };
  }
  if (random.chance(0.3)) {
    note("skip_verify");
    endpoint.skipVerify = true;
  }
  if (random.chance(0.3)) {
    note("override_path");
    endpoint.url += "/api/v2";
    endpoint.overridePath = true;
  }
  if (random.chance(0.3)) {
    note("capabilities");
    endpoint.capabilities = ["pull", "resolve", "push"];
  }
  return [endpoint];
}

/** Whether it has settings that `mirrors` cannot express. */
export function isSpecial({ endpoints }: Wanted): boolean {
  return endpoints.some((endpoint) => Object.keys(endpoint).length > 1);
}

/** Whether containerd treats two generated endpoints as the same. */
export function sameEndpoint(a: string, b: string): boolean {
  const plain = (url: string): string =>
    url
      .toLowerCase()
      .replace(/^(https:\/\/[^/]*):443/, "$1")
      .replace(/\/v2\/?$/, "");
  return plain(a) === plain(b);
}
