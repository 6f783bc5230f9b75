import { createHash } from "node:crypto";
import { withConnection } from "../observation/hosts";
import { buildImage, buildIndex, type ContainerImage } from "../oci/image";
import { digestOf, push } from "../oci/push";
import type { HostAccess } from "../settings/access";

/** The probe's name and tag in the registry, where the small image stays. */
const NAME = "cluster-registry/probe";
const TAG = "1";

/** The probe's reference on a node. @param prefix  `ADDRESS:PORT` of the registry */
export const probeReference = (prefix: string) => `${prefix}/${NAME}:${TAG}`;

/** An image that is only pulled and never run: one file, for nodes of both architectures. */
export function probeImage(): ContainerImage {
  const text = "cluster-registry pulls this image to see that a node can pull\n";
  const contents = Buffer.concat([Buffer.from(text), ...noise(text)]);
  const layers = [[{ path: "probe", contents, mode: 0o644 }]];
  return buildIndex({
    amd64: buildImage(layers, {}, "amd64"),
    arm64: buildImage(layers, {}, "arm64"),
  });
}

/** So many blocks of 32 bytes fill some packets of full size, which a network may lose although it passes small ones. */
const BLOCKS = 2048;

/** Bytes that do not get smaller in the image, and are the same each time. */
const noise = (seed: string) =>
  Array.from({ length: BLOCKS }, (_, index) =>
    createHash("sha256").update(`${seed}${index}`).digest(),
  );

/**
 * Pushes the probe to the registry if it is missing or different. The push goes over the registry host's SSH
 * connection, so this machine needs no route to the registry.
 */
export async function publishProbe(
  registryHost: HostAccess,
  address: string,
  port: number,
): Promise<void> {
  const image = probeImage();
  await withConnection(registryHost, async (connection) => {
    const via = async () => {
      const stream = await connection.forward(address, port);
      return { createConnection: () => stream };
    };
    if ((await digestOf(via, NAME, TAG)) === image.manifest.digest) return;
    await push(via, NAME, [TAG], image);
  });
}
