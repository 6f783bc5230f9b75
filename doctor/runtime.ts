import { withSocket } from "../check/socket";
import { CriClient } from "../cri/client";
import type { Connection } from "../ssh/connection";

const CONTAINERD = "/run/containerd/containerd.sock";

/** Asks a node's container runtime as the kubelet does. */
export function withRuntime<T>(
  connection: Connection,
  sudo: boolean,
  work: (runtime: CriClient) => Promise<T>,
): Promise<T> {
  return withSocket(connection, CONTAINERD, sudo, async (socket) => {
    const runtime = await CriClient.open(socket);
    try {
      return await work(runtime);
    } finally {
      runtime.close();
    }
  });
}

/** The digests under which the node has an image of this name; undefined if it has none. */
export async function digestsOn(
  runtime: CriClient,
  reference: string,
): Promise<string[] | undefined> {
  const image = await runtime.imageStatus(reference);
  return image?.repoDigests.map((each) => each.slice(each.indexOf("@") + 1));
}

/**
 * Pulls an image for real. It is removed afterwards only if it was not there before.
 *
 * @returns the runtime's own message if the pull failed
 */
export async function pull(
  runtime: CriClient,
  reference: string,
  wasThere: boolean,
): Promise<string | undefined> {
  try {
    await runtime.pullImage(reference);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    if (!wasThere) await runtime.removeImage(reference);
  }
}
