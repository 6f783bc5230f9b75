import { connect, createServer, type Socket } from "node:net";
import { once } from "node:events";

/**
 * Runs `work` while no other process on this machine does the same under this name.
 *
 * The lock is a listening socket in Linux's abstract namespace: the kernel lets go of it with the process, however that
 * ends, so that nothing is left to clean up; and it is seen from every checkout of the project.
 *
 * @param onWait called once if another process holds the lock.
 */
export async function withLock<T>(
  name: string,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const path = `\0cluster-registry/${name}`;
  for (let first = true; ; first = false) {
    const release = await take(path);
    if (release) {
      try {
        return await work();
      } finally {
        release();
      }
    }
    if (first) onWait();
    await untilReleased(path);
  }
}

/** Takes the lock; undefined when another process has it. Those who wait keep a connection, and see its end. */
async function take(path: string): Promise<(() => void) | undefined> {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => waiting.delete(socket));
  });
  server.listen(path);
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw error;
  }
  return () => {
    server.close();
    for (const socket of waiting) socket.destroy();
  };
}

async function untilReleased(path: string): Promise<void> {
  const socket = connect(path);
  await new Promise<void>((resolve) => {
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
  });
  // The holder may have gone between the two attempts: a short pause keeps this from spinning.
  await new Promise((resolve) => setTimeout(resolve, 20));
}
