import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";

/**
 * Reads the kubeconfig that a provider's inputs name. `kubeconfig` is a file's path or its text; the default is
 * KUBECONFIG, then kubectl's own file. `context` is one of its contexts. `~` is the home folder. Relative paths of
 * certificates start at the file's folder.
 *
 * @param folder where a relative path starts
 * @throws if there is no such file or context
 */
export async function loadCluster(
  inputs: Readonly<Record<string, unknown>>,
  folder: string,
  env = process.env,
): Promise<KubeConfig> {
  // The library takes half the engine's memory: it is loaded only for programs that use a cluster.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  const given = text(inputs["kubeconfig"]) ?? text(env["KUBECONFIG"]) ?? "~/.kube/config";
  if (given.includes("\n") || given.trimStart().startsWith("{")) config.loadFromString(given);
  else {
    const file = given.startsWith("~/") ? join(homedir(), given.slice(2)) : resolve(folder, given);
    config.loadFromString(read(file));
    config.makePathsAbsolute(join(file, ".."));
  }
  const context = inputs["context"];
  if (typeof context === "string") config.setCurrentContext(context);
  if (config.getCurrentCluster() === null) {
    const known = config.getContexts().map(({ name }) => name);
    throw new Error(
      `the kubeconfig has no cluster for the context ${JSON.stringify(config.getCurrentContext())}; ` +
        `its contexts: ${known.join(", ") || "none"}`,
    );
  }
  return config;
}

/** The namespace of an object that names none: the setting, else the context's, else `default`. */
export function namespaceOf(config: KubeConfig, inputs: Readonly<Record<string, unknown>>): string {
  const context = config.getContextObject(config.getCurrentContext());
  return text(inputs["namespace"]) ?? text(context?.namespace) ?? "default";
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`the kubeconfig ${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
