import {
  request,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
} from "node:http";
import { type ContainerImage, INDEX_TYPE, MANIFEST_TYPE } from "./image";

const MANIFESTS = [MANIFEST_TYPE, INDEX_TYPE];

/** The way of one request to the registry: a Unix socket, or an open connection. */
export type Via = () =>
  | Pick<RequestOptions, "socketPath" | "createConnection">
  | Promise<Pick<RequestOptions, "socketPath" | "createConnection">>;

/** Pushes an image through the registry's API. */
export async function push(
  via: Via,
  name: string,
  tags: string[],
  image: ContainerImage,
): Promise<void> {
  for (const part of image.parts ?? []) await push(via, name, [part.manifest.digest], part);
  for (const { digest, bytes } of image.blobs) {
    const started = await call(via, "POST", `/v2/${name}/blobs/uploads/`, 202);
    const upload = new URL(started.headers.location ?? "", "http://registry");
    upload.searchParams.set("digest", digest);
    await call(via, "PUT", upload.pathname + upload.search, 201, bytes, "application/octet-stream");
  }
  const { bytes, mediaType } = image.manifest;
  for (const tag of tags) {
    await call(via, "PUT", `/v2/${name}/manifests/${tag}`, 201, bytes, mediaType);
  }
}

/** The digest of a tag in the registry; undefined if the tag does not exist. */
export async function digestOf(via: Via, name: string, tag: string): Promise<string | undefined> {
  const { statusCode, headers } = await send(via, "HEAD", `/v2/${name}/manifests/${tag}`, {
    accept: MANIFESTS.join(", "),
  });
  if (statusCode === 404) return undefined;
  if (statusCode === 200) return String(headers["docker-content-digest"]);
  throw new Error(`HEAD /v2/${name}/manifests/${tag}: expected 200 or 404, got ${statusCode}`);
}

/** Whether the registry answers. */
export async function answers(via: Via): Promise<boolean> {
  return call(via, "GET", "/v2/", 200).then(
    () => true,
    () => false,
  );
}

async function call(
  via: Via,
  method: string,
  path: string,
  expected: number,
  body?: Buffer,
  type?: string,
): Promise<Answer> {
  const headers = body ? { "content-type": type, "content-length": body.length } : {};
  const answer = await send(via, method, path, headers, body);
  if (answer.statusCode === expected) return answer;
  throw new Error(
    `${method} ${path}: expected ${expected}, got ${answer.statusCode}: ${answer.said}`,
  );
}

type Answer = Pick<IncomingMessage, "statusCode" | "headers"> & { bytes: Buffer; said: string };

export async function send(
  via: Via,
  method: string,
  path: string,
  headers: OutgoingHttpHeaders,
  body?: Buffer,
): Promise<Answer> {
  const way = await via();
  return new Promise((resolve, reject) => {
    const all = { host: "registry", ...headers };
    const sent = request({ ...way, method, path, headers: all }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const { statusCode, headers: answered } = response;
        const bytes = Buffer.concat(chunks);
        resolve({ statusCode, headers: answered, bytes, said: bytes.toString() });
      });
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
