import { connect, createServer, type Socket } from "node:net";
import { once } from "node:events";

/**
 * Runs `work` while no other process on this machine holds the lock with this name.
 *
 * The lock is a listening socket in Linux's abstract namespace. The kernel releases it when the process ends in any
 * way, so nothing is left to clean up, and all checkouts of the project share it.
 *
 * @param onWait called once if another process holds the lock
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

/**
 * Takes the lock; undefined if another process has it. Waiting processes keep a connection, and notice when it ends.
 */
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
  // The holder may have ended between the two attempts. A short pause avoids a busy loop.
  await new Promise((resolve) => setTimeout(resolve, 20));
}
