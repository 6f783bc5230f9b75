import { withSocket } from "../check/socket";
import { CriClient } from "../cri/client";
import type { Connection } from "../ssh/connection";
import { BY_RUNTIME, undoOf } from "./undo-pull";

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
 * Pulls an image for real, and then takes away what the pull has added.
 *
 * @param run runs a command of root's on the node
 * @returns the runtime's own message if the pull failed
 */
export async function pull(
  runtime: Pick<CriClient, "listImages" | "pullImage" | "imageStatus" | "removeImage">,
  reference: string,
  run: (command: string) => Promise<unknown>,
): Promise<string | undefined> {
  const before = await runtime.listImages();
  try {
    await runtime.pullImage(reference);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    const pulled = await runtime.imageStatus(reference);
    const undo = pulled && undoOf(before, pulled);
    if (undo === BY_RUNTIME) await runtime.removeImage(reference);
    // Without ctr the names stay: they cost no space.
    else if (undo !== undefined) await run(`if command -v ctr >/dev/null; then ${undo}; fi`);
  }
}
