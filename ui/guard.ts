import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Who may use the server, and for what. */
export interface Rules {
  /** The server's port. */
  readonly port: number;
  /** The secret of this run. It is in the printed address and then in a cookie. */
  readonly key: string;
  /** Refuse each request that could change the registry. */
  readonly readOnly: boolean;
}

export interface Asked {
  readonly method: string;
  /** The path, without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** The methods of distribution's API that only read. */
const READING = ["GET", "HEAD"];
const WRITING = ["DELETE", "POST", "PUT"];

/** The cookie's name. Cookies do not distinguish ports, so the name does. */
export const cookieName = (port: number) => `cluster-registry-${port}`;

/**
 * The reason to refuse a request; undefined if it is allowed.
 *
 * Another site's page can make the browser send requests to this server. Its requests have the other site's Origin, or
 * `Sec-Fetch-Site: cross-site`. If it points its own name to 127.0.0.1 (DNS rebinding), they have its name as Host. Other
 * users of this machine can reach the port too, but they do not have the key.
 */
export function refusalOf({ method, path, headers }: Asked, rules: Rules): Refusal | undefined {
  const hosts = ["127.0.0.1", "localhost"].map((name) => `${name}:${rules.port}`);
  if (!hosts.includes(headers.host ?? "")) {
    const reason = `expected the Host ${hosts.join(" or ")}, found ${headers.host ?? "none"}`;
    return { status: 421, reason };
  }
  const writes = !READING.includes(method);
  const { origin } = headers;
  const own = `http://${headers.host}`;
  // Browsers send Origin with each request that can change something.
  if ((writes || origin !== undefined) && origin !== own)
    return {
      status: 403,
      reason: `expected the Origin ${own}, found ${origin ?? "none"}: only the page itself may send this request`,
    };
  const isPage = path === "/" && headers["sec-fetch-mode"] !== "cors";
  if (headers["sec-fetch-site"] === "cross-site" && !isPage)
    return { status: 403, reason: "another site sent this request" };
  if (writes && !WRITING.includes(method))
    return { status: 405, reason: `the method ${method} is not used here` };
  if (!hasKey(headers.cookie, rules))
    return {
      status: 401,
      reason:
        "open the address that `npm run ui` printed: it has the key of this run, which other users of the machine do not have",
    };
  if (writes && rules.readOnly)
    return { status: 403, reason: "this page runs with --read-only, so it changes nothing" };
  return undefined;
}

function hasKey(cookies: string | undefined, { port, key }: Rules): boolean {
  return (cookies ?? "").split(/; */).some((cookie) => {
    const [name, value = ""] = cookie.split("=");
    return name === cookieName(port) && isKey(value, key);
  });
}

/** Compares without a hint, by its duration, of how much is right. */
export function isKey(given: string, key: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(key)];
  return a.length === b.length && timingSafeEqual(a, b);
}
