import { splitUrl } from "../address";
import { type Problem } from "../problem";

/** One server to pull from, with what containerd is to know about it. */
export interface Endpoint {
  /** `http://` or `https://`, host, port if it is not the scheme's, and a path if the server has one. */
  url: string;
  /**
   * What the server is asked for.
   * @default ["pull", "resolve"]
   */
  capabilities?: readonly ("pull" | "resolve" | "push")[];
  /** Path on the node of the CA certificate that the server's one is checked with. */
  ca?: string;
  /** Paths on the node of a client certificate and its key. */
  client?: { cert: string; key: string };
  /**
   * Take any server certificate.
   * @default false
   */
  skipVerify?: boolean;
  /**
   * The URL's path is the whole API root: containerd is not to append /v2.
   * @default false
   */
  overridePath?: boolean;
}

/** An endpoint as it can be given: a URL alone where nothing else is to be said. */
export type EndpointInput = string | Endpoint;

export function toEndpoint(input: EndpointInput): Endpoint {
  return typeof input === "string" ? { url: input } : input;
}

/** Can the old `mirrors` table say all of this? It knows URLs only. */
export function isPlain(endpoint: Endpoint): boolean {
  const { ca, client, skipVerify, overridePath, capabilities } = endpoint;
  const says = [ca, client, skipVerify === true, overridePath === true, capabilities];
  return says.every((value) => value === undefined || value === false);
}

/** What is wrong with the endpoints of a host, in the order they are given. */
export function endpointProblems(setting: string, endpoints: readonly Endpoint[]): Problem[] {
  const problems: Problem[] = [];
  const wrong = (index: number, expected: string, found: string, fix: string): void => {
    problems.push({ file: "settings", expected: `${setting}[${index}]: ${expected}`, found, fix });
  };
  if (endpoints.length === 0) {
    const found = "an empty list";
    const fix = "name at least one URL, or leave the host out";
    problems.push({ file: "settings", expected: `${setting}: at least one endpoint`, found, fix });
  }
  endpoints.forEach((endpoint, index) => {
    const url = splitUrl(endpoint.url);
    if (url === undefined) {
      const found = `\`${withoutUserinfo(endpoint.url)}\``;
      wrong(index, "an http:// or https:// URL", found, "write it as http://HOST:PORT");
      return;
    }
    if (url.userinfo !== undefined) {
      const fix = "use imagePullSecrets: containerd takes no credentials from a URL";
      wrong(index, "a URL without credentials", `\`${withoutUserinfo(endpoint.url)}\``, fix);
    }
    if (url.rest !== "") {
      wrong(index, "a URL without ? and #", `\`${endpoint.url}\``, "leave that part out");
    }
    const tls = [
      endpoint.ca !== undefined && "ca",
      endpoint.client !== undefined && "client",
      endpoint.skipVerify !== undefined && "skipVerify",
    ].filter((name) => name !== false);
    if (url.scheme === "http" && tls.length > 0) {
      // With any of them containerd tries a TLS handshake on the plain port before each request.
      const fix = "leave them out, or make it an https:// endpoint";
      wrong(index, "no TLS settings on an http endpoint", tls.join(", "), fix);
    }
  });
  return problems;
}

/** Without endpoints that are there twice in another spelling. */
export function withoutTwins(
  endpoints: readonly Endpoint[],
  same: (a: string, b: string) => boolean,
): Endpoint[] {
  const kept: Endpoint[] = [];
  for (const endpoint of endpoints) {
    if (!kept.some(({ url }) => same(url, endpoint.url))) kept.push(endpoint);
  }
  return kept;
}

function withoutUserinfo(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//***@");
}
