import { addressOf, type ClusterNode, type NodeList, readNodes } from "../kube/nodes";
import { kubeconfigFile } from "../settings/cluster";
import { parseSettings, parseWritten } from "../settings/parse";
import { type Problem, SettingsError } from "../settings/problem";
import type { NodeSource, Settings } from "../settings/schema";
import type { Surroundings } from "../ssh/surroundings";

/** The settings with a list of nodes, and where the list comes from. */
export interface ResolvedSettings {
  readonly settings: Settings;
  /** Messages about nodes of the cluster that are left out. */
  readonly notes: readonly string[];
  /** The cluster's address, if the nodes are the cluster's. */
  readonly server?: string;
}

/**
 * Checks the configuration. If `nodes` names a cluster, its nodes are read from the API server and take the place of
 * the setting. The list is then checked as if it had been written.
 *
 * @throws SettingsError with every problem. A cluster that does not answer is one, and so is a cluster without a node
 * that matches: an empty list would drop every node of the stack.
 */
export async function resolveSettings(
  raw: Record<string, unknown>,
  around: Surroundings,
  read: typeof readNodes = readNodes,
): Promise<ResolvedSettings> {
  const { nodes: source } = parseWritten(raw);
  if (Array.isArray(source)) return { settings: parseSettings(raw), notes: [] };
  const file = kubeconfigFile(
    { file: source.fromKubeconfig, context: source.context },
    { file: "nodes.fromKubeconfig", context: "nodes.context" },
    around,
  );
  let found: NodeList;
  try {
    found = await read({ file, context: source.context, selector: source.selector });
  } catch (error) {
    const reason = `the nodes cannot be read with ${file}: ${(error as Error).message}`;
    throw new SettingsError([{ path: "nodes.fromKubeconfig", reason }]);
  }
  const { nodes, problems } = listOf(found, source, file);
  if (problems.length > 0) throw new SettingsError(problems);
  const notes = found.others.map(
    ({ name, os }) => `${name}: this node of the cluster runs ${os}, so it is left out`,
  );
  return { settings: checked({ ...raw, nodes }, nodes), notes, server: found.server };
}

type Listed = Settings["nodes"][number];

/** The cluster's nodes as the setting `nodes` has them. */
export function listOf(
  { server, nodes, others }: NodeList,
  { selector, address, user }: NodeSource,
  file: string,
): { nodes: Listed[]; problems: Problem[] } {
  if (nodes.length === 0) {
    const matching =
      selector === undefined ? "" : ` that the selector ${JSON.stringify(selector)} selects`;
    const left = others.length === 0 ? "" : " and runs Linux";
    const reason =
      `expected at least one node${matching}${left}, found none in the cluster at ${server} (${file}); ` +
      `correct the ${selector === undefined ? "kubeconfig or its context" : "selector"}, or run destroy to remove the registry from all nodes`;
    const path = selector === undefined ? "nodes.fromKubeconfig" : "nodes.selector";
    return { nodes: [], problems: [{ path, reason }] };
  }
  const problems: Problem[] = [];
  const listed = nodes.flatMap((node) => {
    const at = addressOf(node, address);
    if (at === undefined) {
      const reason =
        `expected an ${address} of the node ${node.name}, found ${typesOf(node)} in the cluster at ${server} (${file}); ` +
        "choose another kind of address, or a selector without this node";
      problems.push({ path: "nodes.address", reason });
      return [];
    }
    const ssh = user === undefined ? {} : { ssh: { user } };
    return [{ name: node.name, address: at, role: node.role, ...ssh }];
  });
  return { nodes: listed, problems };
}

function typesOf({ addresses }: ClusterNode): string {
  return addresses.map(({ type, address }) => `${type} ${address}`).join(", ") || "no address";
}

/** A problem of a node in the list is one of the cluster's node, which has no place in the configuration. */
function checked(raw: Record<string, unknown>, nodes: readonly Listed[]): Settings {
  try {
    return parseSettings(raw);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new SettingsError(error.problems.map((problem) => ofCluster(problem, nodes)));
  }
}

function ofCluster({ path, reason }: Problem, nodes: readonly Listed[]): Problem {
  const named = (text: string) =>
    text.replace(/nodes\[(\d+)\]/g, (_, index) => `the cluster's ${nodes[Number(index)]?.name}`);
  const [, index] = /^nodes\[(\d+)\]/.exec(path) ?? [];
  if (index === undefined)
    return path === "registry.ssh"
      ? { path, reason: reason.replace(/: set .*$/, "; set nodes.user or ssh instead") }
      : { path, reason: named(reason) };
  return {
    path: "nodes.fromKubeconfig",
    reason: `${nodes[Number(index)]?.name}: ${named(reason)}`,
  };
}
