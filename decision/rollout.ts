import { durationSeconds } from "../settings/formats";
import type { RolloutSettings, Settings } from "../settings/schema";

/** The batches of a run, each with the names of its nodes. A batch starts once the one before it has succeeded. */
export type Batches = readonly (readonly string[])[];

/**
 * The order in which the nodes that change are changed. The first batch is the canary, workers before masters. If the
 * cluster has several masters, no batch has two of them: a mistake that a check on the host does not find must not
 * reach all of them. Without the setting `rollout`, that is the only limit.
 *
 * @param changing the names of the nodes that change
 */
export function batchesOf(
  { nodes, rollout }: Pick<Settings, "nodes" | "rollout">,
  changing: ReadonlySet<string>,
): Batches {
  const waiting = nodes.filter(({ name }) => changing.has(name));
  const hasManyMasters = nodes.filter(isMaster).length > 1;
  const batches: string[][] = [];
  const take = (size: number, from: readonly Node[]): void => {
    const batch: Node[] = [];
    for (const node of from) {
      if (batch.length === size) break;
      if (hasManyMasters && isMaster(node) && batch.some(isMaster)) continue;
      batch.push(node);
    }
    for (const node of batch) waiting.splice(waiting.indexOf(node), 1);
    if (batch.length > 0) batches.push(batch.map(({ name }) => name));
  };
  const { canary = 0, batch } = rollout ?? {};
  if (canary > 0)
    take(canary, [...waiting.filter((n) => !isMaster(n)), ...waiting.filter(isMaster)]);
  const size = batch === undefined ? Infinity : sizeOf(batch, nodes.length);
  while (waiting.length > 0) take(size, waiting);
  return batches;
}

type Node = Settings["nodes"][number];
const isMaster = ({ role }: Node): boolean => role === "master";

/** A part of all nodes is rounded up, so it is never none. */
function sizeOf(batch: RolloutSettings["batch"], all: number): number {
  return typeof batch === "number" ? batch : Math.ceil((Number.parseInt(batch, 10) * all) / 100);
}

/** The pause between two batches, in seconds. */
export function pauseSeconds({ rollout }: Pick<Settings, "rollout">): number {
  return durationSeconds(rollout?.pause ?? "0") ?? 0;
}

/** The order in words, for people; undefined if all nodes are changed at once. */
export function orderText(
  batches: Batches,
  settings: Pick<Settings, "rollout">,
): string | undefined {
  const [first = [], ...others] = batches;
  if (others.length === 0) return undefined;
  const { canary = 0, pause = "0s" } = settings.rollout ?? {};
  const start = `${canary > 0 ? "the canary " : ""}${first.join(", ")}`;
  const wait = pauseSeconds(settings) > 0 ? `, ${pause} after each` : "";
  const rest = others.map((batch) => `then ${batch.join(", ")}`);
  return `containerd changes in ${batches.length} batches${wait}: ${[start, ...rest].join("; ")}`;
}
