import { BlockList, isIP } from "node:net";

/** The parts of a registry's `host:port`. An IPv6 host has brackets only in `text`. */
export interface RegistryAddress {
  /** The spelling in image names, with its letter case: daemons compare it exactly. */
  text: string;
  /** The host alone, in lower case, without brackets. */
  host: string;
  port: number;
  /** 4 or 6 for an address, 0 for a name. */
  family: 0 | 4 | 6;
}

/**
 * The host of an image name in distribution's reference grammar: labels of letters, digits and inner dashes, or an IPv6
 * address without zone and dots. dockerd and containerd accept no other image names.
 */
const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
export const IMAGE_HOST = `(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:]+\\])`;
const REGISTRY_ADDRESS = new RegExp(`^${IMAGE_HOST}:[1-9]\\d*$`);
const REGISTRY_HOST = new RegExp(`^${IMAGE_HOST}(?::\\d+)?$`);

/** The address in `text`, which must have a port. Undefined if no image name can begin with it. */
export function parseRegistryAddress(text: string): RegistryAddress | undefined {
  const address = REGISTRY_ADDRESS.test(text) ? parseHostPort(text) : undefined;
  return address && { ...address, text };
}

/** `host:port` as in URLs and NO_PROXY, where a name may have underscores and letter case has no meaning. */
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

/** The parts of an http or https URL, in their original spelling. */
export interface UrlParts {
  scheme: "http" | "https";
  userinfo: string | undefined;
  /** The host in lower case, with the port if the URL has one. */
  host: string;
  /** The host with a port: the URL's, or else the scheme's default. */
  address: RegistryAddress;
  path: string;
  /** Query and fragment. */
  rest: string;
}

/** The parts of an http or https URL. Undefined for anything else, and for an invalid host or port. */
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
 * Whether the text is a registry's host as in image names. It becomes a folder's name, so it must have no scheme, no
 * path and no `..`.
 */
export function isRegistryHost(text: string): boolean {
  return REGISTRY_HOST.test(text);
}

/** Completes an endpoint as containerd does: with https, or with http on this machine. */
export function withScheme(endpoint: string): string {
  if (endpoint.includes("://")) return endpoint;
  const address = splitUrl(`http://${endpoint}`)?.address;
  return `${address !== undefined && isLoopback(address) ? "http" : "https"}://${endpoint}`;
}

/** Whether it is this machine itself, by name or address. */
export function isLoopback(address: RegistryAddress): boolean {
  return (
    address.host === "localhost" || address.host === "::1" || cidrContains("127.0.0.0/8", address)
  );
}

/**
 * Whether two endpoint URLs are the same server. A slash at the end and the scheme's default port make no difference.
 */
export function sameUrl(a: string, b: string): boolean {
  return a === b || canonicalUrl(a) === canonicalUrl(b);
}

function canonicalUrl(url: string): string {
  const parts = splitUrl(url);
  if (parts === undefined) return url;
  return `${parts.scheme}://${parts.address.text}${parts.path.replace(/\/+$/, "")}${parts.rest}`;
}

/** Whether an address is within `network/bits`. False for text that is not a CIDR, and for names. */
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
