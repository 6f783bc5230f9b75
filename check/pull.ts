import { CriClient } from "../cri/client";
import { withConnection } from "../observation/hosts";
import type { HostAccess } from "../settings/access";
import { withSocket } from "./socket";

const CONTAINERD = "/run/containerd/containerd.sock";

/**
 * Pulls an image on a node through the container runtime interface, as kubelet does, and removes it afterwards.
 * @throws Error with the runtime's own message
 */
export async function pullOn(node: HostAccess, image: string): Promise<void> {
  await withConnection(node, (connection) =>
    withSocket(connection, CONTAINERD, node.sudo, async (socket) => {
      const runtime = await CriClient.open(socket);
      try {
        // If an interrupted check has left the image, a pull would only check the tag.
        await runtime.removeImage(image);
        await runtime.pullImage(image);
        if ((await runtime.imageStatus(image)) === undefined)
          throw new Error(`the pull of ${image} succeeded, but containerd does not have the image`);
        await runtime.removeImage(image);
      } finally {
        runtime.close();
      }
    }),
  );
}
