import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link LocalRegistryHosting}. */
export interface LocalRegistryHostingArgs {
  /** The registry as in image names, e.g. `172.30.1.2:5000`. */
  registry: pulumi.Input<string>;
  /** The path of a kubeconfig file, or its text. @default that of KUBECONFIG, else ~/.kube/config */
  kubeconfig?: pulumi.Input<string>;
  /** One of its contexts. @default its current one */
  context?: pulumi.Input<string>;
}

/**
 * Publishes the registry in the cluster as KEP-1755 specifies: in the ConfigMap `local-registry-hosting` in
 * `kube-public`, which tools such as Tilt and Skaffold read. An existing ConfigMap of someone else is not taken over.
 * Only the cluster's network decides if pods reach the registry, so `hostFromClusterNetwork` is left out.
 *
 * @see
 * https://github.com/kubernetes/enhancements/tree/master/keps/sig-cluster-lifecycle/generic/1755-communicating-a-local-registry
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
        // A changed address of the registry is an update: the ConfigMap exists all the time.
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

/** The document of KEP-1755, version 1: the registry's address for pushes, and its address in the nodes' containerd. */
export function hostingText(registry: string): string {
  return `host: ${JSON.stringify(registry)}\nhostFromContainerRuntime: ${JSON.stringify(registry)}\n`;
}
