import { readPods } from "../kube/pods";
import type { PodsAnswer } from "./page-info";

/**
 * The answer about Pods.
 * @param cluster the cluster of the settings; undefined if they name none
 */
export async function podsAnswer(
  cluster: { file: string; context?: string | undefined } | undefined,
  read: typeof readPods = readPods,
): Promise<PodsAnswer> {
  if (cluster === undefined) return { state: "no cluster" };
  try {
    return { state: "known", pods: await read(cluster) };
  } catch (error) {
    return { state: "error", message: (error as Error).message };
  }
}
