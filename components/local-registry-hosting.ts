import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link LocalRegistryHosting}. */
export interface LocalRegistryHostingArgs {
  /** The registry as image names begin with it, e.g. `172.30.1.2:5000`. */
  registry: pulumi.Input<string>;
  /** A kubeconfig file's path, or its text. @default that of KUBECONFIG, else ~/.kube/config */
  kubeconfig?: pulumi.Input<string>;
  /** One of its contexts. @default its current one */
  context?: pulumi.Input<string>;
}

/**
 * Tells the cluster's users and tools where the registry is, as KEP-1755 has it: the ConfigMap `local-registry-hosting` in
 * `kube-public`, which Tilt, Skaffold and their like read. One that somebody else made is not taken over. Whether pods
 * reach the registry is for the cluster's network to say: `hostFromClusterNetwork` is left out.
 *
 * @see https://github.com/kubernetes/enhancements/tree/master/keps/sig-cluster-lifecycle/generic/1755-communicating-a-local-registry
 */
export class LocalRegistryHosting extends pulumi.ComponentResource {
  /** The ConfigMap's id, `kube-public/local-registry-hosting`. */
  readonly configMap: pulumi.Output<string>;

  constructor(
    name: string,
    args: LocalRegistryHostingArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("cluster-registry:index:LocalRegistryHosting", name, {}, opts);
    const provider = new Provider(
      `${name}-kubernetes`,
      {
        kubeconfig: args.kubeconfig,
        context: args.context,
        // Another address of the registry is an update: no moment without the ConfigMap.
        enableConfigMapMutable: true,
      },
      { parent: this },
    );
    const made = new ConfigMap(
      `${name}-hosting`,
      {
        metadata: { name: "local-registry-hosting", namespace: "kube-public" },
        data: { "localRegistryHosting.v1": pulumi.output(args.registry).apply(hostingText) },
      },
      { parent: this, provider },
    );
    this.configMap = made.id;
    this.registerOutputs({ configMap: this.configMap });
  }
}

/** The document of KEP-1755, version 1: the registry as one pushes to it, and as the nodes' containerd knows it. */
export function hostingText(registry: string): string {
  return `host: ${JSON.stringify(registry)}\nhostFromContainerRuntime: ${JSON.stringify(registry)}\n`;
}
