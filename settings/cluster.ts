import { parse } from "yaml";
import { expand, type Surroundings } from "../ssh/surroundings";
import { type Problem, SettingsError } from "./problem";
import type { Settings } from "./schema";

/** Access to the cluster that publishes the registry: an existing kubeconfig file, and a context in it. */
export interface ClusterAccess {
  /**
   * The file's path. A path relative to the project's folder stays relative, because all operators share it through the
   * state.
   */
  readonly kubeconfig: string;
  readonly context?: string;
}

/** The part of the setting `kubernetes` that leads to the cluster. */
type Where = Pick<NonNullable<Settings["kubernetes"]>, "kubeconfig" | "context">;

/**
 * The cluster in the settings; undefined if they name none.
 * @throws SettingsError if the kubeconfig is missing or invalid, or does not have the context
 */
export function clusterOf(
  { kubernetes }: { kubernetes?: Where | undefined },
  around: Surroundings,
): ClusterAccess | undefined {
  if (kubernetes === undefined) return undefined;
  const { context } = kubernetes;
  const paths = { file: "kubernetes.kubeconfig", context: "kubernetes.context" };
  const file = kubeconfigFile({ file: kubernetes.kubeconfig, context }, paths, around);
  const home = kubernetes.kubeconfig.startsWith("~");
  return {
    kubeconfig: home ? file : kubernetes.kubeconfig,
    ...(context !== undefined && { context }),
  };
}

/** A cluster that uses the registry: an absolute path of a kubeconfig file, and a context in it. */
export interface ClusterFile {
  readonly file: string;
  readonly context?: string;
}

/**
 * The cluster that the registry is published in, or else the one that the nodes come from; undefined if the settings name
 * none.
 *
 * @param nodes the setting `nodes` as it is written
 * @throws SettingsError if the kubeconfig is missing or invalid, or does not have the context
 */
export function usingCluster(
  settings: Pick<Settings, "kubernetes">,
  nodes: unknown,
  around: Surroundings,
): ClusterFile | undefined {
  const published = clusterOf(settings, around);
  if (published !== undefined)
    return { ...withContext(published.context), file: expand(published.kubeconfig, around) };
  if (typeof nodes !== "object" || nodes === null || Array.isArray(nodes)) return undefined;
  const { fromKubeconfig, context } = nodes as { fromKubeconfig: string; context?: string };
  const paths = { file: "nodes.fromKubeconfig", context: "nodes.context" };
  return {
    ...withContext(context),
    file: kubeconfigFile({ file: fromKubeconfig, context }, paths, around),
  };
}

const withContext = (context: string | undefined) => (context === undefined ? {} : { context });

/** The file and the context of a cluster, or the paths of these two settings. */
interface Named<Context = string> {
  readonly file: string;
  readonly context: Context;
}

/**
 * The path of a kubeconfig file that has the context.
 * @throws SettingsError if the file is missing or invalid, or does not have the context
 */
export function kubeconfigFile(
  given: Named<string | undefined>,
  paths: Named,
  around: Surroundings,
): string {
  const file = expand(given.file, around);
  const problem = problemOf(file, given.context, paths, around);
  if (problem !== undefined) throw new SettingsError([problem]);
  return file;
}

function problemOf(
  file: string,
  context: string | undefined,
  paths: Named,
  around: Surroundings,
): Problem | undefined {
  const path = paths.file;
  let text: string | undefined;
  try {
    text = around.read(file);
  } catch (error) {
    return { path, reason: `${file} cannot be read: ${(error as Error).message}` };
  }
  if (text === undefined)
    return { path, reason: `expected a kubeconfig at ${file}, found no file` };
  const config = kubeconfigOf(text);
  if (config === undefined) return { path, reason: `expected ${file} to be a kubeconfig` };
  const wanted = context ?? config.current;
  if (wanted !== undefined && config.contexts.includes(wanted)) return undefined;
  const known = config.contexts.join(", ") || "none";
  if (context !== undefined) {
    const reason = `expected one of the contexts of ${file} (${known}), found ${JSON.stringify(context)}`;
    return { path: paths.context, reason };
  }
  return {
    path,
    reason: `${file} has no current context; set ${paths.context} to one of: ${known}`,
  };
}

function kubeconfigOf(text: string): { contexts: string[]; current?: string } | undefined {
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    return undefined; // A parser's message would quote the file, which holds credentials.
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { contexts, "current-context": current } = value as Record<string, unknown>;
  if (!Array.isArray(contexts)) return undefined;
  const names = contexts.flatMap((each: unknown) => {
    const name = (each as { name?: unknown } | null)?.name;
    return typeof name === "string" ? [name] : [];
  });
  return { contexts: names, ...(typeof current === "string" && current !== "" && { current }) };
}
