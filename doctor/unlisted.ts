import { addressOf, type ClusterNode, type NodeList } from "../kube/nodes";
import type { Settings } from "../settings/schema";
import type { Commands } from "./commands";
import type { Diagnosis } from "./report";

/** The nodes that Pods can be on, but that this stack never configures. */
export function unlistedNodes(
  { nodes: listed }: Pick<Settings, "nodes">,
  { server, nodes }: NodeList,
  commands: Commands,
): Diagnosis[] {
  const isListed = ({ name, addresses }: ClusterNode) =>
    listed.some(
      (one) => one.name === name || addresses.some(({ address }) => address === one.address),
    );
  return nodes
    .filter((node) => !isListed(node))
    .map((node): Diagnosis => {
      const { name, role } = node;
      const address = addressOf(node, "InternalIP") ?? addressOf(node, "ExternalIP") ?? name;
      const set = (key: string, value: string) =>
        commands.npm("config", "set", "--path", `nodes[${listed.length}].${key}`, value);
      return {
        name,
        passed: [],
        cause: {
          cause: `${name} is a node of the cluster, but not of this stack, so nothing tells it of the registry`,
          evidence: [
            `the cluster at ${server}: ${name}, ${address}`,
            `the setting nodes: ${listed.map((one) => one.name).join(", ")}`,
          ],
          fix: [
            set("name", name),
            set("address", address),
            set("role", role),
            commands.npm("up"),
          ].join(" && "),
        },
      };
    });
}
