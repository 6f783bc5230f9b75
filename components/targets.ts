import type * as pulumi from "@pulumi/pulumi";

/**
 * The flags `--target` and `--exclude` of this run: regular expressions of URNs. The embedded engine tells them to the
 * program (docs/engine.md). The Pulumi CLI does not, and the program reads all hosts.
 */
interface Chosen {
  readonly targets: readonly string[];
  readonly excludes: readonly string[];
  /** Resources that depend on a target are targets too: every node depends on the registry. */
  readonly targetDependents: boolean;
}

const VARIABLE = "PULUMI_EMBEDDED_TARGETS";

/** Of the nodes of a cluster, those that this run may change. The others need not be read. */
export async function chosenNodes(
  parent: Pick<pulumi.Resource, "urn">,
  cluster: string,
  nodes: readonly string[],
): Promise<ReadonlySet<string>> {
  const given = process.env[VARIABLE];
  if (given === undefined) return new Set(nodes);
  const urn = await new Promise<string>((resolve) => parent.urn.apply(resolve));
  const chosen = JSON.parse(given) as Chosen;
  return new Set(nodes.filter((node) => isChosen(chosen, urnsOf(urn, `${cluster}-${node}`))));
}

function isChosen(
  { targets, excludes, targetDependents }: Chosen,
  urns: readonly string[],
): boolean {
  const matches = (patterns: readonly string[], urn: string) =>
    patterns.some((pattern) => new RegExp(pattern).test(urn));
  if (targets.length === 0) return !urns.every((urn) => matches(excludes, urn));
  return targetDependents || urns.some((urn) => matches(targets, urn));
}

/** The URNs of a node's component and Commands, below the cluster's. */
function urnsOf(cluster: string, name: string): string[] {
  const mirror = `${cluster.slice(0, cluster.lastIndexOf("::"))}$cluster-registry:index:ContainerdMirror`;
  const command = `${mirror}$command:remote:Command::${name}-containerd`;
  return [`${mirror}::${name}`, `${command}-guard`, `${command}-apply`];
}
