import { sameUrl } from "../address";
import { type TomlDocument } from "../toml/document";
import { isTable, stringsOf, type Tree, type TreeTable } from "../toml/value";
import { type Endpoint } from "./endpoint";
import { hasHeader } from "./hosts-facts";
import { type HostsFile } from "./hosts-toml";
import { type DaemonVersion } from "./version";

/** A reason why a hosts.toml of somebody else prevents a pull. */
export interface Elsewhere {
  offset: number;
  /** The server that containerd asks instead, or a setting of the right server that differs from ours. */
  found: string;
}

/**
 * Checks whether a hosts.toml of somebody else sends pulls to other servers. It must name the wanted endpoints in their
 * order, before any other host. More hosts after them do no harm.
 *
 * @returns undefined if pulls go to the wanted endpoints
 */
export function whereElsewhere(
  document: TomlDocument,
  file: HostsFile,
  daemon: DaemonVersion,
): Elsewhere | undefined {
  const asked = askedInOrder(document, daemon);
  for (const [index, endpoint] of file.endpoints.entries()) {
    const found = asked[index];
    if (found === undefined) {
      const offset = asked.at(-1)?.offset ?? firstKey(document);
      return { offset, found: `${endpoint.url} is not asked` };
    }
    const { offset, table, url } = found;
    if (!sameUrl(url, endpoint.url)) return { offset, found: `${url} is asked` };
    const setting = otherSetting(table, endpoint);
    if (setting !== undefined) {
      const at = document.offsetOf([...found.path, setting]) ?? offset;
      return { offset: at, found: `the settings have another ${setting} for ${url}` };
    }
  }
  return undefined;
}

/** The plain http endpoints that have skip_verify in a file: containerd tries TLS first for these. */
export function needlessSkipVerify(document: TomlDocument, daemon: DaemonVersion): string[] {
  return askedInOrder(document, daemon)
    .filter(({ url, table }) => url.startsWith("http:") && table["skip_verify"] !== undefined)
    .map(({ path }) => document.lineNote([...path, "skip_verify"]));
}

function firstKey(document: TomlDocument): number {
  const [key] = Object.keys(document.tree);
  return (key === undefined ? undefined : document.offsetOf([key])) ?? 0;
}

interface Asked {
  /** As containerd reads it: https, unless it begins with http. */
  url: string;
  table: TreeTable;
  path: string[];
  offset: number;
}

/** The servers that containerd asks for a pull, in its order. */
function askedInOrder(document: TomlDocument, daemon: DaemonVersion): Asked[] {
  const hosts = Object.entries(document.getTable(["host"]) ?? {})
    .filter((entry): entry is [string, TreeTable] => isTable(entry[1]))
    .map(([url, table]) => askedAt(document, url, table, ["host", url]))
    .sort((a, b) => a.offset - b.offset);
  const asked = hosts.filter(
    ({ path, table }) => (daemon.major < 2 || hasHeader(document, path[1] ?? "")) && canPull(table),
  );
  const server = document.get(["server"]);
  // 1.x ignores a file without a [host].
  if (typeof server === "string" && server !== "" && (daemon.major >= 2 || hosts.length > 0)) {
    const last = askedAt(document, server, document.tree, []);
    if (canPull(last.table)) asked.push({ ...last, offset: document.offsetOf(["server"]) ?? 0 });
  }
  return asked;
}

function askedAt(document: TomlDocument, url: string, table: TreeTable, path: string[]): Asked {
  const full = url.startsWith("http") ? url : `https://${url}`;
  return { url: full, table, path, offset: document.offsetOf(path) ?? 0 };
}

function canPull(table: TreeTable): boolean {
  const capabilities = stringsOf(table["capabilities"])?.map((name) => name.toLowerCase());
  if (capabilities === undefined || capabilities.length === 0) return true;
  return capabilities.includes("pull") && capabilities.includes("resolve");
}

/** The first setting of a server that differs from the endpoint's. */
function otherSetting(table: TreeTable, endpoint: Endpoint): string | undefined {
  const client: Tree | undefined = table["client"];
  const pair = Array.isArray(client) ? stringsOf(client[0]) : undefined;
  const wanted = endpoint.client;
  if ((stringsOf(table["ca"])?.join() ?? table["ca"]) !== endpoint.ca) return "ca";
  const isSame =
    wanted === undefined
      ? client === undefined
      : pair?.[0] === wanted.cert && pair[1] === wanted.key;
  if (!isSame) return "client";
  // For plain http it has no effect: containerd tries TLS first, and then uses the URL's scheme.
  const isHttp = endpoint.url.startsWith("http:");
  const skips = table["skip_verify"] ?? false;
  if (!isHttp && skips !== (endpoint.skipVerify ?? false)) return "skip_verify";
  const overrides = table["override_path"] ?? false;
  return overrides === (endpoint.overridePath ?? false) ? undefined : "override_path";
}
