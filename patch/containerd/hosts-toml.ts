import { sameUrl, withScheme } from "../address";
import { type Source } from "../source";
import type { TomlDocument } from "../toml/document";
import { isTable, stringsOf, type Tree, type TreeTable } from "../toml/value";
import { tomlArray, tomlString } from "../toml/write";
import { type Endpoint } from "./endpoint";
import { isUnreadInHeader } from "./go-toml";
import { type DaemonVersion } from "./version";

/** The first line of every hosts.toml that is ours: what has it we may change and remove. */
export const OWNERSHIP_MARK =
  "# Written by cluster-registry; change it there, or take this line out.";

/** What a registry's hosts.toml is to say. */
export interface HostsFile {
  /** The registry that images are named by: `172.30.1.2:5000`, `docker.io`, or `_default`. */
  host: string;
  /** Tried in this order. */
  endpoints: readonly Endpoint[];
  /**
   * What is tried last. It is the endpoint itself for a registry of ours, and the registry's own address
   * for a mirror of a public one; `_default` has none.
   */
  server: Endpoint | undefined;
}

/** The server that containerd would ask if nothing were configured. */
export function upstreamOf(host: string): Endpoint {
  return { url: host === "docker.io" ? "https://registry-1.docker.io" : withScheme(host) };
}

/** The registry, as images are named by it, whose pulls end at a server if nothing is configured. */
export function registryServedBy(server: string): string {
  return server === "registry-1.docker.io" ? "docker.io" : server;
}

/**
 * The text, in the one shape that works on every containerd from 1.6 on: `server` alone is not enough for
 * 1.6, and `[host]` alone makes a miss end in a misleading try of https. `skip_verify` is left out of
 * http hosts even as false, since its mere presence makes containerd try TLS first.
 */
export function hostsToml(file: HostsFile, daemon: DaemonVersion): string {
  const lines = [OWNERSHIP_MARK];
  if (file.server !== undefined) {
    lines.push(`server = ${quoted(file.server.url)}`, ...transportLines(file.server));
  }
  const hosts = lastIsServer(file) ? file.endpoints.slice(0, -1) : file.endpoints;
  // 2.x takes the hosts' order from the headers alone, 1.x from headers and keys alike.
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

/** The last of several endpoints, when it is what `server` says anyway. */
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

/** Has the file our mark as its first line? */
export function isOurs(source: Source): boolean {
  return source.text.split(/\r?\n/, 1)[0] === OWNERSHIP_MARK;
}

/**
 * Where a hosts.toml that somebody else wrote leads pulls elsewhere: to the endpoints they have to go, in
 * their order and before any other host. Further hosts behind them do no harm.
 *
 * @returns the offset of what is asked instead, or has other settings; undefined: it leads there
 */
export function whereElsewhere(document: TomlDocument, file: HostsFile): number | undefined {
  const server = document.get(["server"]);
  const hosts = hostsInOrder(document);
  const asked = hosts.filter(({ table }) => canPull(table));
  if (typeof server === "string" && hosts.length > 0) {
    const offset = document.offsetOf(["server"]) ?? 0;
    asked.push({ url: server, table: document.tree, offset });
  }
  for (const [index, endpoint] of file.endpoints.entries()) {
    const found = asked[index];
    if (found === undefined) return (hosts.at(-1) ?? asked.at(-1))?.offset ?? firstKey(document);
    if (!sameUrl(found.url, endpoint.url) || !sameSettings(found.table, endpoint)) {
      return found.offset;
    }
  }
  return undefined;
}

function firstKey(document: TomlDocument): number {
  const [key] = Object.keys(document.tree);
  return (key === undefined ? undefined : document.offsetOf([key])) ?? 0;
}

interface Asked {
  url: string;
  table: TreeTable;
  offset: number;
}

/** The `[host]` tables in the order of the file, which is the order containerd tries them in. */
function hostsInOrder(document: TomlDocument): Asked[] {
  const hosts = document.getTable(["host"]) ?? {};
  return Object.entries(hosts)
    .filter((entry): entry is [string, TreeTable] => isTable(entry[1]))
    .map(([url, table]) => ({ url, table, offset: document.offsetOf(["host", url]) ?? 0 }))
    .sort((a, b) => a.offset - b.offset);
}

function canPull(table: TreeTable): boolean {
  const capabilities = stringsOf(table["capabilities"]);
  if (capabilities === undefined || capabilities.length === 0) return true;
  return capabilities.includes("pull") && capabilities.includes("resolve");
}

function sameSettings(table: TreeTable, endpoint: Endpoint): boolean {
  const client: Tree | undefined = table["client"];
  const wanted = endpoint.client;
  const pair = Array.isArray(client) ? stringsOf(client[0]) : undefined;
  return (
    (stringsOf(table["ca"])?.join() ?? table["ca"]) === endpoint.ca &&
    (wanted === undefined
      ? client === undefined
      : pair?.[0] === wanted.cert && pair[1] === wanted.key) &&
    (table["skip_verify"] ?? false) === (endpoint.skipVerify ?? false) &&
    (table["override_path"] ?? false) === (endpoint.overridePath ?? false)
  );
}
