import { BlockList, isIP } from "node:net";

/** `host:port` of a registry, taken apart. An IPv6 host has its brackets in `text` only. */
export interface RegistryAddress {
  /** As it stands in image names, letter case and all: daemons compare it exactly. */
  text: string;
  /** The host alone, in lower case, without brackets. */
  host: string;
  port: number;
  /** 4 or 6 for an address, 0 for a name. */
  family: 0 | 4 | 6;
}

/**
 * The host of an image name as distribution's reference grammar has it: labels of letters, digits and inner
 * dashes, or an IPv6 address without zone and dots. dockerd and containerd take no image name with any other.
 */
const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
export const IMAGE_HOST = `(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:]+\\])`;
const REGISTRY_ADDRESS = new RegExp(`^${IMAGE_HOST}:[1-9]\\d*$`);
const REGISTRY_HOST = new RegExp(`^${IMAGE_HOST}(?::\\d+)?$`);

/** The address in `text`, or undefined where no image name can begin with it. The port must be there. */
export function parseRegistryAddress(text: string): RegistryAddress | undefined {
  const address = REGISTRY_ADDRESS.test(text) ? parseHostPort(text) : undefined;
  return address && { ...address, text };
}

/** `host:port` as URLs and NO_PROXY have it, where a name may have underscores and letter case means nothing. */
export function parseHostPort(text: string): RegistryAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const host = (match[1] ?? match[2] ?? "").toLowerCase();
  const port = Number(match[3]);
  const family = isIP(host) as 0 | 4 | 6;
  const bracketed = match[1] !== undefined;
  const isName = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/.test(host);
  const looksLikeNumbers = /^[\d.]+$/.test(host);
  const valid = bracketed ? family === 6 : family === 4 || (isName && !looksLikeNumbers);
  if (!valid || port < 1 || port > 65535) return undefined;
  return { text: bracketed ? `[${host}]:${port}` : `${host}:${port}`, host, port, family };
}

/** An http or https URL in its parts, as they are written. */
export interface UrlParts {
  scheme: "http" | "https";
  userinfo: string | undefined;
  /** With the port, if one is written; in lower case. */
  host: string;
  /** The same with the scheme's own port where none is written. */
  address: RegistryAddress;
  path: string;
  /** Query and fragment. */
  rest: string;
}

/** The parts of an http or https URL; undefined for anything else, and for a host or port that cannot be. */
export function splitUrl(url: string): UrlParts | undefined {
  const match = /^(https?):\/\/(?:([^\s/?#]*)@)?([^\s/?#@]+)(\/[^\s?#"'\\]*)?([?#]\S*)?$/i.exec(
    url,
  );
  if (match === null) return undefined;
  const scheme = (match[1] ?? "").toLowerCase() as UrlParts["scheme"];
  const host = (match[3] ?? "").toLowerCase();
  const hasPort = host.startsWith("[") ? host.includes("]:") : host.includes(":");
  const port = scheme === "http" ? "80" : "443";
  const address = parseHostPort(hasPort ? host : `${host}:${port}`);
  if (address === undefined) return undefined;
  const [, , userinfo, , path = "", rest = ""] = match;
  return { scheme, userinfo, host, address, path, rest };
}

/**
 * Is it a registry's host as image names have it? It becomes the name of a folder, so nothing else may: no
 * scheme, no path, no `..`.
 */
export function isRegistryHost(text: string): boolean {
  return REGISTRY_HOST.test(text);
}

/** An endpoint as containerd completes it: https, but http on this very machine. */
export function withScheme(endpoint: string): string {
  if (endpoint.includes("://")) return endpoint;
  const address = splitUrl(`http://${endpoint}`)?.address;
  return `${address !== undefined && isLoopback(address) ? "http" : "https"}://${endpoint}`;
}

/** Is it this very machine, by its name or an address? */
export function isLoopback(address: RegistryAddress): boolean {
  return (
    address.host === "localhost" || address.host === "::1" || cidrContains("127.0.0.0/8", address)
  );
}

/** Are two endpoint URLs one server? A slash at the end makes no difference, nor does a scheme's own port. */
export function sameUrl(a: string, b: string): boolean {
  return a === b || canonicalUrl(a) === canonicalUrl(b);
}

function canonicalUrl(url: string): string {
  const parts = splitUrl(url);
  if (parts === undefined) return url;
  return `${parts.scheme}://${parts.address.text}${parts.path.replace(/\/+$/, "")}${parts.rest}`;
}

/** Is an address within `network/bits`? False for what is no CIDR, and for names. */
export function cidrContains(cidr: string, address: RegistryAddress): boolean {
  const match = /^([0-9a-fA-F:.]+)\/(\d+)$/.exec(cidr);
  if (match === null || address.family === 0) return false;
  const network = match[1] ?? "";
  const family = isIP(network);
  const bits = Number(match[2]);
  if (family !== address.family || bits > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family === 4 ? "ipv4" : "ipv6");
  return list.check(address.host, family === 4 ? "ipv4" : "ipv6");
}
