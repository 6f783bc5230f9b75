import { isIP } from "node:net";

import { cidrContains, IMAGE_HOST, type RegistryAddress } from "../address";
import { takes } from "./readers";

/**
 * Whether an `insecure-registries` entry makes dockerd use this registry without TLS. dockerd removes the scheme of an
 * entry and compares the rest exactly with the host of an image name. For an address, it also checks networks. Here a
 * network never matches a name, although dockerd would resolve it, because the result of DNS on the node is not known.
 */
export function coversRegistry(entry: string, registry: RegistryAddress): boolean {
  return namesRegistry(entry, registry) || cidrContains(withoutScheme(entry), registry);
}

/** Whether an entry is exactly this registry, with or without a scheme. A network is not. */
export function namesRegistry(entry: string, registry: RegistryAddress): boolean {
  return withoutScheme(entry) === registry.text;
}

/** Whether a person would take an entry for this registry, although dockerd does not. */
export function resemblesRegistry(entry: string, registry: RegistryAddress): boolean {
  const plain = withoutScheme(entry)
    .toLowerCase()
    .replace(/:0+(?=\d+$)/, ":");
  return plain === registry.text.toLowerCase() && !namesRegistry(entry, registry);
}

/** The fault of an entry with which dockerd does not start; undefined if it starts. */
export function entryFault(entry: string, dockerVersion: string | undefined): string | undefined {
  if (/^-|-$/.test(entry)) return "begins or ends with a dash";
  const rest = withoutScheme(entry);
  if (rest.includes("://")) return "has a scheme other than http and https";
  if (isNetwork(rest)) return undefined;
  return hostPortFault(rest, dockerVersion);
}

/** How to fix an entry with which dockerd does not start. */
export function entryFix(entry: string, dockerVersion: string | undefined): string {
  const takenBy = (text: string): boolean => entryFault(text, dockerVersion) === undefined;
  const [first, last] = portRange(entry);
  if (first !== undefined && last !== undefined && takenBy(first) && takenBy(last)) {
    return `write an entry for each port: ${quoted([first])} and so on to ${quoted([last])}`;
  }
  const parts = entry.split(/[,;\s]+/).map(bare);
  const named = parts.filter((part) => part !== "");
  if (named.length > 1 && named.every(takenBy)) {
    return `write each as an entry of its own: ${quoted(named)}`;
  }
  const plain = bare(entry);
  if (plain !== "" && takenBy(plain)) return `write ${quoted([plain])} in its place`;
  return "take this entry out, or write a host, HOST:PORT or a network such as 10.0.0.0/8 in its place";
}

/** dockerd removes a scheme once, and no blanks. */
function withoutScheme(entry: string): string {
  return entry.replace(/^https?:\/\//i, "");
}

/** As in Go's net.ParseCIDR: an address without zone, and no more bits than the address has. */
function isNetwork(text: string): boolean {
  const match = /^([0-9a-fA-F:.]+)\/(\d+)$/.exec(text);
  const family = isIP(match?.[1] ?? "");
  return family !== 0 && Number(match?.[2]) <= (family === 4 ? 32 : 128);
}

const DOMAIN = new RegExp(`^${IMAGE_HOST}(?::[0-9]+)?$`);

const PORT_FAULT = "has a port that is no number from 0 to 65535";

/** As in dockerd: the host as in image names, or any IP address, and a number as the port if there is one. */
function hostPortFault(text: string, dockerVersion: string | undefined): string | undefined {
  const { host, port } = splitHostPort(text);
  const isBracketed = text.startsWith("[");
  const isDomain =
    DOMAIN.test(text) && (!isBracketed || takes("bracketsWithoutPort", dockerVersion));
  const isAddress = /^[0-9a-fA-F:.]+$/.test(host) && isIP(host) !== 0;
  if (!isDomain && !isAddress) {
    return port !== "" && DOMAIN.test(host) && !/^\d+$/.test(port) ? PORT_FAULT : hostFault(text);
  }
  if (port === "") return undefined;
  const isNumber = /^[+-]?\d+$/.test(port) && Number(port) >= 0 && Number(port) <= 65535;
  return isNumber ? undefined : PORT_FAULT;
}

/** The character that makes it invalid. The host is not shown, because a user in front of it may have a password. */
function hostFault(text: string): string {
  const signs: [RegExp, string][] = [
    [/@/, "has a user in front"],
    [/[\s\p{Cf}]/u, "has a blank, or a character that is not seen, in it"],
    [/["'`\u2018-\u201f]/, "has a quotation mark in it"],
    [/[,;]/, "is more than one"],
    [
      /^[0-9a-fA-F:.]+\//,
      "is no network: bits from 0 to 32 stand behind an IPv4 address, to 128 behind an IPv6 one",
    ],
    [/\//, "has a path"],
    [/\*/, "has a wildcard, which dockerd does not know"],
    [/_/, "has an underscore, which no image name has in its host"],
  ];
  return signs.find(([sign]) => sign.test(text))?.[1] ?? "names no host";
}

/** As in Go's net.SplitHostPort. dockerd takes the text for a host alone if it cannot be split. */
function splitHostPort(text: string): { host: string; port: string } {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(text);
  if (match === null) return { host: text, port: "" };
  return { host: match[1] ?? match[2] ?? "", port: match[3] ?? "" };
}

/** The probable intention: without blanks, invisible characters, quotes, scheme, user, path and final dot. */
function bare(text: string): string {
  const plain = text
    .replace(/[\s\p{Cf}]/gu, "")
    .replace(/^["'`\u2018-\u201f\u00ab\u00bb]+|["'`\u2018-\u201f\u00ab\u00bb]+$/gu, "")
    .replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\//, "")
    .replace(/^[^/@]*@/, "");
  // A network with too many bits is not a host with a path.
  if (/^[0-9a-fA-F:.]+\/\d+$/.test(plain) && isIP(plain.split("/")[0] ?? "") !== 0) return plain;
  return plain
    .replace(/\/.*$/, "")
    .replace(/\.+(?=:\d+$|$)/, "")
    .replace(/^\[(.*)\]$/, "$1");
}

/** The first and the last port of `HOST:1-9`. */
function portRange(entry: string): [string?, string?] {
  const match = /^(.*):(\d+)-(\d+)$/.exec(bare(entry));
  return match === null ? [] : [`${match[1]}:${match[2]}`, `${match[1]}:${match[3]}`];
}

function quoted(texts: readonly string[]): string {
  return texts.map((text) => JSON.stringify(text)).join(", ");
}
