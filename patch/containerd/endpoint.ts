import { splitUrl } from "../address";
import { type Problem } from "../problem";

/** One server to pull from, with containerd's settings for it. */
export interface Endpoint {
  /** `http://` or `https://`, the host, the port unless it is the default, and the path if there is one. */
  url: string;
  /**
   * What the server is used for.
   * @default ["pull", "resolve"]
   */
  capabilities?: readonly ("pull" | "resolve" | "push")[];
  /** Path on the node of the CA certificate for the server's certificate. */
  ca?: string;
  /** Paths on the node of a client certificate and its key. */
  client?: { cert: string; key: string };
  /**
   * Accept any server certificate.
   * @default false
   */
  skipVerify?: boolean;
  /**
   * The path of the URL is the whole API root: containerd does not append /v2.
   * @default false
   */
  overridePath?: boolean;
}

/** An endpoint in the settings: a URL, or an object with more settings. */
export type EndpointInput = string | Endpoint;

export function toEndpoint(input: EndpointInput): Endpoint {
  return typeof input === "string" ? { url: input } : input;
}

/** Whether the old `mirrors` table can express this endpoint. It has URLs only. */
export function isPlain(endpoint: Endpoint): boolean {
  const { ca, client, skipVerify, overridePath, capabilities } = endpoint;
  const says = [ca, client, skipVerify === true, overridePath === true, capabilities];
  return says.every((value) => value === undefined || value === false);
}

/** The problems of a host's endpoints, in their order. */
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
      // With any of these settings, containerd tries a TLS handshake on the plain port before each request.
      const fix = "leave them out, or make it an https:// endpoint";
      wrong(index, "no TLS settings on an http endpoint", tls.join(", "), fix);
    }
  });
  return problems;
}

/** Removes endpoints that are duplicates in another spelling. */
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
