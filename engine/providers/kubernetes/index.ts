/**
 * The kubernetes provider: the part of pulumi-kubernetes 4.34.0 that this project's programs use, which is ConfigMaps.
 * @kubernetes/client-node handles addresses, certificates and logins (client certificates, tokens, exec plugins,
 * proxies).
 */
import { UNKNOWN } from "../provider";
import type { CheckFailure, Diff, ProviderInstance, ProviderPlugin, Props } from "../provider";
import { ApiServer } from "../../../kube/api-server";
import { ConfigMaps } from "./config-map";
import { loadCluster, namespaceOf } from "../../../kube/kubeconfig";

const TYPE = "kubernetes:core/v1:ConfigMap";
/** The supported settings. The SDK sends booleans as text. */
const KNOWN = ["kubeconfig", "context", "namespace", "enableConfigMapMutable"];
/** Settings that have no effect on a ConfigMap. */
const IDLE = ["enableSecretMutable", "suppressDeprecationWarnings", "suppressHelmHookWarnings"];

export const kubernetesPlugin = {
  name: "kubernetes",
  version: "4.34.0",
  types: [TYPE],
  checkConfig: (news) => Promise.resolve({ inputs: news, failures: refusedSettings(news) }),
  diffConfig,
  async configure(inputs, folder = process.cwd()) {
    const config = await loadCluster(inputs, folder);
    const settings = {
      mutable: isOn(inputs["enableConfigMapMutable"]),
      namespace: namespaceOf(config, inputs),
    };
    return instance(new ConfigMaps(new ApiServer(config), settings));
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
      if ([...KNOWN, ...IDLE, "version"].includes(key) || key.startsWith("__")) return false;
      // This setting is on by default.
      if (key === "enableServerSideApply") return value !== null && !isOn(value);
      return !(value === null || value === "" || value === false || value === "false");
    })
    .map(([property]) => ({
      property,
      reason: `it is not supported by the embedded engine, which has ${KNOWN.join(", ")}`,
    }));
}

/** Another cluster means other objects. Only its address and authority identify a cluster. */
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
    return undefined; // The old file may be gone; configure reports an error of the new one.
  }
}

const isOn = (value: Props[string] | undefined): boolean => value === true || value === "true";
