import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { BuiltPage } from "./build-page";
import { forward } from "./forward";
import { cookieName, isKey, refusalOf, type Rules } from "./guard";
import { COMMON, REGISTRY_CONTENT } from "./headers";
import type { PageInfo, PodsAnswer } from "./page-info";
import type { RegistryRoute } from "./registry-route";

export interface ServerOptions {
  readonly page: BuiltPage;
  readonly info: PageInfo;
  readonly route: RegistryRoute;
  /** The Pods of the cluster. An error of it is shown on the page. */
  readonly pods: () => Promise<PodsAnswer>;
  /** The port on 127.0.0.1; 0 for any free one. */
  readonly port: number;
}

/** The page's server on this machine. */
export interface PageServer {
  /** The address to open, with the key of this run. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves the page on 127.0.0.1, and forwards `/v2/` to the registry.
 * @throws Error if the port is taken
 */
export async function startServer(options: ServerOptions): Promise<PageServer> {
  const key = randomBytes(16).toString("hex");
  const server = createServer();
  await listening(server, options.port);
  const { port } = server.address() as AddressInfo;
  const rules = { port, key, readOnly: options.info.readOnly };
  server.on("request", (request, response) => {
    answer(options, rules, request, response).catch((error: Error) => {
      if (!response.headersSent) say(response, 500, error.message);
      else response.destroy();
    });
  });
  return {
    url: `http://127.0.0.1:${port}/?key=${key}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        options.route.close();
      }),
  };
}

async function answer(
  { page, info, route, pods }: ServerOptions,
  rules: Rules,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "GET", headers } = request;
  const { pathname: path, searchParams } = new URL(request.url ?? "/", "http://page");
  if (method === "GET" && path === "/" && isKey(searchParams.get("key") ?? "", rules.key)) {
    const cookie = `${cookieName(rules.port)}=${rules.key}; Path=/; HttpOnly; SameSite=Strict`;
    response.writeHead(303, { ...COMMON, location: "/", "set-cookie": cookie }).end();
    return;
  }
  const refusal = refusalOf({ method, path, headers }, rules);
  if (refusal !== undefined) {
    say(response, refusal.status, refusal.reason);
    return;
  }
  if (path === "/v2/" || path.startsWith("/v2/")) {
    for (const [name, value] of Object.entries(REGISTRY_CONTENT)) response.setHeader(name, value);
    await forward(route, request, response);
    return;
  }
  if (method !== "GET" && method !== "HEAD") say(response, 405, "only /v2/ takes this method");
  else if (path === "/") {
    const type = "text/html; charset=utf-8";
    const policy = page.contentSecurityPolicy;
    response.writeHead(200, { ...COMMON, "content-type": type, "content-security-policy": policy });
    response.end(page.html);
  } else if (path === "/ui.json") json(response, info);
  else if (path === "/pods.json") json(response, await pods());
  else say(response, 404, "there is no such page");
}

function json(response: ServerResponse, value: PageInfo | PodsAnswer): void {
  response.writeHead(200, { ...COMMON, "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

/** An error, readable for a person and for the page, which reads errors as a registry sends them. */
function say(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { ...COMMON, "content-type": "application/json" });
  response.end(JSON.stringify({ errors: [{ code: "REFUSED", message }] }));
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new Error(`port ${port} of 127.0.0.1 is taken; choose another one with --port`)
          : error,
      ),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
}
