import { type ApiObject, ApiServer } from "./api-server";
import { withHint } from "./api-error";
import { listObjects, object, objects, text } from "./list";
import { loadCluster } from "./kubeconfig";

/** The addresses of a node that SSH can use. A node may have several of a kind; the first one counts. */
export const ADDRESS_TYPES = ["InternalIP", "ExternalIP", "Hostname"] as const;
export type AddressType = (typeof ADDRESS_TYPES)[number];

/** A node as the cluster knows it. */
export interface ClusterNode {
  readonly name: string;
  readonly role: "master" | "worker";
  /** The node's addresses, in the API server's order. */
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
}

/** The nodes of one cluster. */
export interface NodeList {
  /** The cluster's address, for messages. */
  readonly server: string;
  /** The nodes that run Linux, by name. */
  readonly nodes: readonly ClusterNode[];
  /** The other nodes, with their operating system. */
  readonly others: readonly { readonly name: string; readonly os: string }[];
}

/** The limit for all pages together. */
const LIST_SECONDS = 30;
const MASTER_LABELS = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/**
 * Reads the nodes that a label selector selects.
 *
 * @param file the kubeconfig's path
 * @param selector as for `kubectl -l`. @default all nodes
 * @throws an error with the server's name if it does not answer, or refuses the request
 */
export async function readNodes({
  file,
  context,
  selector,
}: {
  file: string;
  context?: string | undefined;
  selector?: string | undefined;
}): Promise<NodeList> {
  const config = await loadCluster({ kubeconfig: file, context }, "/");
  const server = config.getCurrentCluster()?.server ?? "";
  const signal = AbortSignal.timeout(LIST_SECONDS * 1000);
  try {
    const found = await listNodes(new ApiServer(config), selector, signal);
    return { server, ...nodesOf(found) };
  } catch (error) {
    if (signal.aborted)
      throw new Error(
        `the Kubernetes cluster at ${server} does not answer within ${LIST_SECONDS} seconds; check the kubeconfig and the network`,
        { cause: error },
      );
    throw withHint(error, {
      Forbidden:
        "let the kubeconfig's user list nodes, as with `kubectl create clusterrole NAME --verb=list --resource=nodes` and a binding",
      BadRequest: "correct the label selector: it is written as for `kubectl get nodes -l`",
      Expired: "run the command again: the list of nodes changed while it was read",
    });
  }
}

/** All Node objects, page by page. */
export function listNodes(
  api: Pick<ApiServer, "request">,
  selector: string | undefined,
  signal: AbortSignal,
): Promise<ApiObject[]> {
  const query: Record<string, string> = selector === undefined ? {} : { labelSelector: selector };
  return listObjects(api, "/api/v1/nodes", query, signal);
}

/** What Node objects say of their nodes. A node without an operating system runs Linux. */
export function nodesOf(found: readonly ApiObject[]): Pick<NodeList, "nodes" | "others"> {
  const nodes: ClusterNode[] = [];
  const others: { name: string; os: string }[] = [];
  for (const { metadata, status } of found) {
    const name = text(object(metadata)["name"]);
    const labels = object(object(metadata)["labels"]);
    const os =
      text(object(object(status)["nodeInfo"])["operatingSystem"]) ||
      text(labels["kubernetes.io/os"]) ||
      "linux";
    if (os !== "linux") {
      others.push({ name, os });
      continue;
    }
    nodes.push({
      name,
      role: MASTER_LABELS.some((label) => label in labels) ? "master" : "worker",
      addresses: objects(object(status)["addresses"]).map(({ type, address }) => ({
        type: text(type),
        address: text(address),
      })),
    });
  }
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  return { nodes: nodes.sort(byName), others: others.sort(byName) };
}

/** A node's first address of a type; undefined if it has none. */
export function addressOf(node: ClusterNode, type: AddressType): string | undefined {
  return node.addresses.find((each) => each.type === type && each.address !== "")?.address;
}
