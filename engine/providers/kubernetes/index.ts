/**
 * The kubernetes provider: the part of pulumi-kubernetes 4.34.0 that this project's programs use, see kinds.ts.
 * @kubernetes/client-node handles addresses, certificates and logins (client certificates, tokens, exec plugins,
 * proxies).
 */
import { UNKNOWN } from "../provider";
import type { CheckFailure, Diff, ProviderInstance, ProviderPlugin, Props } from "../provider";
import { ApiServer } from "../../../kube/api-server";
import { kindsByType } from "./kinds";
import { Objects } from "./objects";
import { loadCluster, namespaceOf } from "../../../kube/kubeconfig";

/** The supported settings. The SDK sends booleans as text. */
const KNOWN = ["kubeconfig", "context", "namespace", "enableConfigMapMutable"];
/** Settings that have no effect on the supported kinds. */
const IDLE = ["enableSecretMutable", "suppressDeprecationWarnings", "suppressHelmHookWarnings"];

export const kubernetesPlugin = {
  name: "kubernetes",
  version: "4.34.0",
  types: [...kindsByType.keys()],
  checkConfig: (news) => Promise.resolve({ inputs: news, failures: refusedSettings(news) }),
  diffConfig,
  async configure(inputs, folder = process.cwd()) {
    const config = await loadCluster(inputs, folder);
    const settings = {
      mutable: isOn(inputs["enableConfigMapMutable"]),
      namespace: namespaceOf(config, inputs),
    };
    const api = new ApiServer(config);
    return instance(
      new Map([...kindsByType].map(([type, kind]) => [type, new Objects(api, kind, settings)])),
    );
  },
} satisfies ProviderPlugin;

function instance(objects: ReadonlyMap<string, Objects>): ProviderInstance {
  const of = (type: string): Objects => {
    const found = objects.get(type);
    if (!found)
      throw new Error(`unsupported type ${type}; there are: ${[...objects.keys()].join(", ")}`);
    return found;
  };
  return {
    check: (type, urn, olds, news) => Promise.resolve(of(type).check(urn, olds, news)),
    diff: (type, _urn, _id, oldInputs, oldOutputs, news) =>
      Promise.resolve(of(type).diff(oldInputs, oldOutputs, news)),
    create: async (type, inputs, ctx) => of(type).create(inputs, ctx),
    update: async (type, _id, _oldInputs, oldOutputs, news, ctx) =>
      of(type).update(oldOutputs, news, ctx),
    read: async (type, id, inputs, outputs, ctx) => of(type).read(id, inputs, outputs, ctx),
    delete: async (type, id, inputs, _outputs, ctx) => of(type).delete(id, inputs, ctx),
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
