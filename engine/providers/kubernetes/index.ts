/**
 * The kubernetes provider: of pulumi-kubernetes 4.34.0 what this project's programs use, which is ConfigMaps. Addresses,
 * certificates and logins (client certificates, tokens, exec plugins, proxies) are @kubernetes/client-node's.
 */
import { UNKNOWN } from "../provider";
import type { CheckFailure, Diff, ProviderInstance, ProviderPlugin, Props } from "../provider";
import { ApiServer } from "./api-server";
import { ConfigMaps } from "./config-map";
import { loadCluster } from "./kubeconfig";

const TYPE = "kubernetes:core/v1:ConfigMap";
/** What is honoured; booleans arrive as text, as the SDK sends them. */
const KNOWN = new Set(["kubeconfig", "context", "enableConfigMapMutable", "version"]);

export const kubernetesPlugin = {
  name: "kubernetes",
  version: "4.34.0",
  types: [TYPE],
  checkConfig: (news) => Promise.resolve({ inputs: news, failures: refusedSettings(news) }),
  diffConfig,
  async configure(inputs, folder = process.cwd()) {
    const config = await loadCluster(inputs, folder);
    return instance(new ConfigMaps(new ApiServer(config), isOn(inputs["enableConfigMapMutable"])));
  },
} satisfies ProviderPlugin;

function instance(configMaps: ConfigMaps): ProviderInstance {
  return {
    check: (_type, urn, olds, news) => Promise.resolve(configMaps.check(urn, olds, news)),
    diff: (_type, _urn, _id, oldInputs, oldOutputs, news) =>
      Promise.resolve(configMaps.diff(oldInputs, oldOutputs, news)),
    create: (_type, inputs, ctx) => configMaps.create(inputs, ctx),
    update: (_type, _id, _oldInputs, oldOutputs, news, ctx) =>
      configMaps.update(oldOutputs, news, ctx),
    read: (_type, id, inputs, outputs, ctx) => configMaps.read(id, inputs, outputs, ctx),
    delete: (_type, id, _inputs, _outputs, ctx) => configMaps.delete(id, ctx),
    close: () => Promise.resolve(),
  };
}

function refusedSettings(news: Props): CheckFailure[] {
  return Object.entries(news)
    .filter(([key, value]) => {
      const off = value === null || value === "" || value === false || value === "false";
      return !KNOWN.has(key) && !key.startsWith("__") && !off;
    })
    .map(([property]) => ({
      property,
      reason:
        "it is not supported by the embedded engine, which has kubeconfig, context and enableConfigMapMutable",
    }));
}

/** Another cluster means other objects. Which cluster it is can only be told by its address and authority. */
async function diffConfig(oldInputs: Props, news: Props): Promise<Diff> {
  const chosen = ["kubeconfig", "context"].filter((key) => oldInputs[key] !== news[key]);
  if (chosen.some((key) => news[key] === UNKNOWN)) return { changes: "some", replaces: chosen };
  const [before, after] = await Promise.all([clusterOf(oldInputs), clusterOf(news)]);
  const moved = before !== undefined && after !== undefined && before !== after;
  return { changes: "some", replaces: moved ? chosen : [] };
}

async function clusterOf(inputs: Props): Promise<string | undefined> {
  try {
    const cluster = (await loadCluster(inputs, process.cwd())).getCurrentCluster();
    return JSON.stringify([cluster?.server, cluster?.caData, cluster?.caFile]);
  } catch {
    return undefined; // The old file may be gone; configure tells it of the new one.
  }
}

const isOn = (value: Props[string] | undefined): boolean => value === true || value === "true";
