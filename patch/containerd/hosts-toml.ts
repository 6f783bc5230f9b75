import { sameUrl, withScheme } from "../address";
import { type Source } from "../source";
import { tomlArray, tomlString } from "../toml/write";
import { type Endpoint } from "./endpoint";
import { isUnreadInHeader } from "./go-toml";
import { type DaemonVersion } from "./version";

/** The first line of every hosts.toml of this program. A file with this line may be changed and removed. */
export const OWNERSHIP_MARK =
  "# Written by cluster-registry; change it there, or take this line out.";

/** The contents of a registry's hosts.toml. */
export interface HostsFile {
  /** The registry in image names: `172.30.1.2:5000`, `docker.io`, or `_default`. */
  host: string;
  /** The endpoints in the order in which containerd tries them. */
  endpoints: readonly Endpoint[];
  /**
   * The server that containerd tries last. For our own registry it is the endpoint itself, for a mirror of a public
   * registry it is the registry's own address. `_default` has none.
   */
  server: Endpoint | undefined;
}

/** The server that containerd asks without any configuration. */
export function upstreamOf(host: string): Endpoint {
  return { url: host === "docker.io" ? "https://registry-1.docker.io" : withScheme(host) };
}

/** The registry in image names whose pulls go to a server without any configuration. */
export function registryServedBy(server: string): string {
  return server === "registry-1.docker.io" ? "docker.io" : server;
}

/**
 * The text, in the one form that works with every containerd from 1.6 on. `server` alone is not enough for 1.6. With
 * `[host]` alone, a missing image ends in a misleading attempt by https. `skip_verify` is left out for http hosts, even
 * as false, because its presence makes containerd try TLS first.
 */
export function hostsToml(file: HostsFile, daemon: DaemonVersion): string {
  const lines = [OWNERSHIP_MARK];
  if (file.server !== undefined) {
    lines.push(`server = ${quoted(file.server.url)}`, ...transportLines(file.server));
  }
  const hosts = lastIsServer(file) ? file.endpoints.slice(0, -1) : file.endpoints;
  // 2.x takes the order of hosts from headers only, 1.x from headers and keys.
  const dotted = hosts.some(({ url }) => isUnreadInHeader(url, daemon));
  for (const endpoint of hosts) {
    const table = `host.${quoted(endpoint.url)}`;
    const capabilities = tomlArray(endpoint.capabilities ?? ["pull", "resolve"], '"');
    const settings = [`capabilities = ${capabilities}`, ...transportLines(endpoint)];
    lines.push("");
    if (dotted) lines.push(...settings.map((line) => `${table}.${line}`));
    else lines.push(`[${table}]`, ...settings.map((line) => `  ${line}`));
  }
  return `${lines.join("\n")}\n`;
}

/** Whether the last of several endpoints is the same as `server`. */
function lastIsServer({ endpoints, server }: HostsFile): boolean {
  const last = endpoints[endpoints.length - 1];
  if (last === undefined || server === undefined || endpoints.length === 1) return false;
  return (
    last.capabilities === undefined && sameUrl(last.url, server.url) && sameTransport(last, server)
  );
}

function transportLines(endpoint: Endpoint): string[] {
  const lines: string[] = [];
  if (endpoint.ca !== undefined) lines.push(`ca = ${quoted(endpoint.ca)}`);
  if (endpoint.client !== undefined) {
    const { cert, key } = endpoint.client;
    lines.push(`client = [${tomlArray([cert, key], '"')}]`);
  }
  if (endpoint.skipVerify === true) lines.push("skip_verify = true");
  if (endpoint.overridePath === true) lines.push("override_path = true");
  return lines;
}

const quoted = (value: string): string => tomlString(value, '"');

function sameTransport(a: Endpoint, b: Endpoint): boolean {
  return transportLines(a).join("\n") === transportLines(b).join("\n");
}

/** Whether the file's first line is our mark. */
export function isOurs(source: Source): boolean {
  return source.text.split(/\r?\n/, 1)[0] === OWNERSHIP_MARK;
}
