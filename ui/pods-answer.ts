import type { ImageUser, PodsAnswer } from "./page-info";

/**
 * The answer about Pods.
 * @param read what the cluster uses, as `npm run images -- rm` and `npm run gc` know it; undefined if there is no cluster
 */
export async function podsAnswer(
  read: () => Promise<{ readonly users: readonly ImageUser[] } | undefined>,
): Promise<PodsAnswer> {
  try {
    const inUse = await read();
    return inUse === undefined ? { state: "no cluster" } : { state: "known", users: inUse.users };
  } catch (error) {
    return { state: "error", message: (error as Error).message };
  }
}
