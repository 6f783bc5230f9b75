import { isIP, isIPv4, isIPv6 } from "node:net";

/** A name as in RFC 1123: Kubernetes accepts it as a node name, and it is safe in a URN and a file name. */
export function isHostName(text: string): boolean {
  return (
    text.length <= 253 &&
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(text)
  );
}

/** An IP address or a host name. A malformed IPv4 address (`300.1.1.1`, `10.0.0`) is neither. */
export function isAddress(text: string): boolean {
  if (isIP(text) !== 0) return true;
  return !/^[0-9.]+$/.test(text) && isHostName(text);
}

/** An address that only the host itself can reach, in any notation. */
export function isLoopback(text: string): boolean {
  if (isIPv4(text)) return text.startsWith("127.");
  // URL writes an IPv6 address in its shortest form. It rejects an address with a zone, which is not a loopback
  // address.
  const url = `http://[${text}]`;
  return URL.canParse(url) && /^\[(::1|::ffff:7f[0-9a-f]{2}:.*)\]$/.test(new URL(url).hostname);
}

/** An address that means "this host itself" or "any", so that other hosts cannot pull from it. */
export function isOwnAddress(text: string): boolean {
  if (isIPv4(text)) return text.startsWith("127.") || text === "0.0.0.0";
  if (isIPv6(text)) return text === "::1" || text === "::";
  return text === "localhost" || text.endsWith(".localhost");
}

/** `address:port`, with an IPv6 address in brackets (RFC 3986, 3.2.2). */
export function hostPort(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * Seconds of a duration such as `30s`, `1m30s`, `500ms` or `0` (Go's notation, as in Pulumi's own timeouts); undefined
 * if the text is not a duration.
 */
export function durationSeconds(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  const unit: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 };
  let seconds = 0;
  for (const [, amount, , name] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) {
    seconds += Number(amount) * (unit[name ?? ""] ?? 0);
  }
  return seconds;
}

/** A part from 1% to 100%. */
export function isPercentage(text: string): boolean {
  return /^([1-9]\d?|100)%$/.test(text);
}

// The grammar of distribution's references, which docker and containerd use for image names.
const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
const HOST = `(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:]+\\])(?::[0-9]+)?`;
const PART = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const IMAGE_HOST = new RegExp(`^${HOST}$`);
const IMAGE_REFERENCE = new RegExp(
  `^(?:${HOST}/)?${PART}(?:/${PART})*(?::\\w[\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`,
);

/** A reference that `docker pull` accepts. */
export function isImageReference(text: string): boolean {
  return IMAGE_REFERENCE.test(text);
}

/**
 * Whether the text can be the host of an image name, with or without a port: the part before the first slash, if it
 * does not look like a part of a name on Docker Hub.
 */
export function isImageHost(text: string): boolean {
  if (!IMAGE_HOST.test(text) || text === "index.docker.io") return false;
  const address = /^\[(.*)\]/.exec(text)?.[1];
  if (address !== undefined && !isIPv6(address)) return false;
  const port = /:(\d+)$/.exec(text.replace(/^\[.*\]/, ""))?.[1];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) return false;
  return /[.:[]/.test(text) || text === "localhost" || text !== text.toLowerCase();
}

/** An http or https address of a registry that containerd and dockerd accept. */
export function isEndpoint(text: string): boolean {
  if (!/^https?:\/\/[^\s"'\\]+$/.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  return url.username === "" && url.password === "" && url.search === "" && url.hash === "";
}

/** An address of a whole registry, without a path, that a cache can ask. */
export function isUpstream(text: string): boolean {
  return isEndpoint(text) && new URL(text).pathname === "/";
}

/** Whether a text is a regular expression of JavaScript. */
export function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return text !== "";
  } catch {
    return false;
  }
}

/**
 * A time as systemd.timer's OnCalendar has it, as far as one can tell without systemd: one line, without what a unit file
 * gives a meaning of its own.
 */
export function isCalendar(value: string): boolean {
  return /^[A-Za-z0-9*~+,.:/_-]+( [A-Za-z0-9*~+,.:/_-]+)*$/.test(value) && value.length <= 200;
}
