import type { NodeList } from "../kube/nodes";
import type { Settings } from "../settings/schema";
import type { Past, PastGuard } from "./past";

/**
 * For a stack with the cluster's nodes: the nodes that joined or left since the last run. A new stack has no news.
 *
 * @param gone those on hosts that do not answer: there is a message of its own for each
 */
export function clusterNews(
  { guards }: Pick<Past, "guards">,
  { nodes }: Pick<Settings, "nodes">,
  gone: readonly PastGuard[],
): string[] {
  const before = guards.flatMap(({ daemon, host }) => (daemon === "containerd" ? [host] : []));
  if (before.length === 0) return [];
  const now = nodes.map(({ name }) => name);
  return [
    ...now
      .filter((name) => !before.includes(name))
      .map((name) => `${name} joined the cluster: up lets it pull from the registry`),
    ...before
      .filter((name) => !now.includes(name) && !gone.some(({ host }) => host === name))
      .map((name) => `${name} left the cluster: up removes the lines of this program from it`),
  ];
}

/**
 * For a stack with a list of nodes: how the list differs from the cluster. A node is found by its name or by one of
 * its addresses, because the settings may name it otherwise.
 */
export function listDifferences(
  { nodes: listed }: Pick<Settings, "nodes">,
  { server, nodes }: NodeList,
): string[] {
  const isSame = (one: Settings["nodes"][number], other: NodeList["nodes"][number]) =>
    one.name === other.name || other.addresses.some(({ address }) => address === one.address);
  return [
    ...nodes
      .filter((node) => !listed.some((one) => isSame(one, node)))
      .map(
        ({ name }) =>
          `${name} is a node of the cluster at ${server}, but the setting nodes lacks it: Pods there cannot pull from the registry until you add it`,
      ),
    ...listed
      .filter((one) => !nodes.some((node) => isSame(one, node)))
      .map(
        ({ name }) =>
          `${name} is in the setting nodes, but the cluster at ${server} has no such node, by name or address`,
      ),
  ];
}
