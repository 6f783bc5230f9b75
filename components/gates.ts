import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings/schema";
import type { ClusterRegistryArgs } from "./cluster-registry";
import { isKnown } from "./known-inputs";
import { dependencies } from "./waiting";

/** For each host, the values that must be known before it is observed. */
export interface Gates {
  readonly gates: ReadonlyMap<string, pulumi.Output<unknown>>;
  /** Hosts whose gate is closed, in a preview, with the path of the unknown argument; undefined for a dependency. */
  readonly waiting: ReadonlyMap<string, string | undefined>;
}

/**
 * A host's gate opens when its own arguments, the shared arguments and the component's dependencies are known. A
 * resource that is declared through the gate depends on the resources that these come from.
 */
export async function gatesOf(
  { nodes, registry }: Settings,
  args: ClusterRegistryArgs,
  opts: pulumi.ComponentResourceOptions | undefined,
  unknown: readonly string[],
): Promise<Gates> {
  const { nodes: own, registry: server } = args;
  const shared = { ...args, nodes: undefined, registry: undefined, kubernetes: undefined };
  const common = [shared, dependencies(opts)];
  const gates = new Map<string, pulumi.Output<unknown>>();
  for (const [index, { name }] of nodes.entries()) {
    const node = Array.isArray(own) ? own[index] : own;
    gates.set(name, gate([...common, node, name === registry.host ? server : pulled(server)]));
  }
  if (!gates.has(registry.host)) gates.set(registry.host, gate([...common, server]));

  const waiting = new Map<string, string | undefined>();
  for (const [host, opened] of gates) {
    if (await isKnown(opened)) continue;
    const index = nodes.findIndex(({ name }) => name === host);
    const own = unknown.find((path) => path.startsWith(`nodes[${index}]`));
    waiting.set(host, own ?? unknown.find((path) => concerns(path, index, host === registry.host)));
  }
  return { gates, waiting };
}

/** A secret argument does not make the computed values secret: the connection is marked separately. */
function gate(needed: unknown[]): pulumi.Output<unknown> {
  return pulumi.unsecret(pulumi.output(needed));
}

/** The registry's arguments that a node needs. */
function pulled(server: ClusterRegistryArgs["registry"]): unknown {
  if (pulumi.Output.isInstance(server) || server instanceof Promise) return server;
  const { address, port } = server;
  return { address, port };
}

function concerns(path: string, index: number, isRegistryHost: boolean): boolean {
  const [, node] = /^nodes\[(\d+)\]/.exec(path) ?? [];
  if (node !== undefined) return Number(node) === index;
  if (path.startsWith("registry."))
    return isRegistryHost || /^registry\.(address|port)$/.test(path);
  return !path.startsWith("kubernetes");
}
