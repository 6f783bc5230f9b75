import { withConnection } from "../observation/hosts";
import { buildImage, buildIndex, type ContainerImage } from "../oci/image";
import { digestOf, push } from "../oci/push";
import type { HostAccess } from "../settings/access";

/** The probe's name and tag in the registry, where the image of a few hundred bytes stays. */
const NAME = "cluster-registry/probe";
const TAG = "1";

/** The probe's reference on a node. @param prefix  `ADDRESS:PORT` of the registry */
export const probeReference = (prefix: string) => `${prefix}/${NAME}:${TAG}`;

/** An image that is only pulled and never run: one file, for nodes of both architectures. */
export function probeImage(): ContainerImage {
  const contents = Buffer.from("cluster-registry pulls this image to see that a node can pull\n");
  const layers = [[{ path: "probe", contents, mode: 0o644 }]];
  return buildIndex({
    amd64: buildImage(layers, {}, "amd64"),
    arm64: buildImage(layers, {}, "arm64"),
  });
}

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
