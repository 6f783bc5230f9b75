import { type IncomingMessage, request as ask, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { RegistryRoute } from "./registry-route";

/** The page's own headers, such as its cookie, do not go to the registry. */
const ASKED = ["accept", "content-type", "content-length", "transfer-encoding", "range"];
const ANSWERED = [
  "content-type",
  "content-length",
  "content-range",
  "docker-content-digest",
  "link",
  "location",
  "etag",
  "cache-control",
];

/** Sends a request on to the registry, and its answer back. A registry that does not answer is an answer too: 502. */
export async function forward(
  route: RegistryRoute,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const answer = await answerOf(route, request);
    response.writeHead(answer.statusCode ?? 502, picked(answer.headers, ANSWERED));
    await pipeline(answer, response);
  } catch (error) {
    if (response.headersSent || response.destroyed) {
      response.destroy(); // The page sees an answer that is cut short.
      return;
    }
    const { host, port } = route.target;
    const message = `the registry at ${host}:${port} does not answer: ${(error as Error).message}`;
    response.writeHead(502, { "content-type": "application/json" });
    response.end(JSON.stringify({ errors: [{ code: "UNREACHABLE", message }] }));
  }
}

async function answerOf(route: RegistryRoute, request: IncomingMessage): Promise<IncomingMessage> {
  const { method = "GET", url: path = "/" } = request;
  const { host, port } = route.target;
  const headers = { host: `${host}:${port}`, ...picked(request.headers, ASKED) };
  const reads = method === "GET" || method === "HEAD";
  const attempt = async (again: boolean): Promise<IncomingMessage> => {
    const agent = await route.agent();
    return new Promise<IncomingMessage>((resolve, reject) => {
      const sent = ask({ agent, method, path, headers }, resolve);
      sent.on("error", (error) => {
        // A kept channel may close just when it is used again.
        if (again && sent.reusedSocket) attempt(false).then(resolve, reject);
        else reject(error);
      });
      if (reads) sent.end();
      else request.pipe(sent);
    });
  };
  return attempt(reads);
}

function picked(
  headers: IncomingMessage["headers"],
  names: readonly string[],
): Record<string, string | string[]> {
  return Object.fromEntries(
    names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
  );
}
