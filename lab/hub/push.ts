import { request, type IncomingMessage } from "node:http";
import type { ContainerImage } from "./image";

/** Pushes an image to a registry that listens on a Unix socket, by the registry's own API. */
export async function push(
  socket: string,
  name: string,
  tags: string[],
  image: ContainerImage,
): Promise<void> {
  for (const { digest, bytes } of image.blobs) {
    const started = await call(socket, "POST", `/v2/${name}/blobs/uploads/`, 202);
    const upload = new URL(started.headers.location ?? "", "http://hub");
    upload.searchParams.set("digest", digest);
    await call(
      socket,
      "PUT",
      upload.pathname + upload.search,
      201,
      bytes,
      "application/octet-stream",
    );
  }
  const { bytes, mediaType } = image.manifest;
  for (const tag of tags) {
    await call(socket, "PUT", `/v2/${name}/manifests/${tag}`, 201, bytes, mediaType);
  }
}

/** Whether the registry answers on its socket. */
export async function answers(socket: string): Promise<boolean> {
  return call(socket, "GET", "/v2/", 200).then(
    () => true,
    () => false,
  );
}

function call(
  socketPath: string,
  method: string,
  path: string,
  expected: number,
  body?: Buffer,
  type?: string,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = {
      host: "hub",
      ...(body && { "content-type": type, "content-length": body.length }),
    };
    const sent = request({ socketPath, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        if (response.statusCode === expected) return resolve(response);
        const said = Buffer.concat(chunks).toString();
        reject(
          new Error(`${method} ${path}: expected ${expected}, got ${response.statusCode}: ${said}`),
        );
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
