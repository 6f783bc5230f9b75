import { join } from "node:path";
import { ensureGoProgram, requiredVersion, whyNoGoProgram, type GoProgram } from "./program";

const FOLDER = join(__dirname, "kubernetes");
const MODULE = "k8s.io/kubernetes";
const VERSION = requiredVersion(FOLDER, MODULE);
const [, MAJOR = "", MINOR = ""] = /^v(\d+)\.(\d+)\./.exec(VERSION) ?? [];
const VARIABLES = "k8s.io/component-base/version";
const OWN = "cluster-registry.example/kubernetes";
const PLUGINS = "github.com/containernetworking/plugins/plugins";

/**
 * The programs that make a cluster of hosts with containerd: Kubernetes, its database, and the plugins for the Pods'
 * network.
 */
const KUBERNETES: GoProgram = {
  folder: FOLDER,
  packages: [
    // The module names this executable "server".
    "go.etcd.io/etcd/server/v3",
    ...["kube-apiserver", "kube-controller-manager", "kube-scheduler"].map(inModule),
    ...["kubelet", "kube-proxy", "kubectl"].map(inModule),
    `${OWN}/pause`,
    ...["main/bridge", "main/loopback", "ipam/host-local", "meta/portmap"].map(
      (plugin) => `${PLUGINS}/${plugin}`,
    ),
  ],
  // Without a version, a kubelet reports one that the scheduler and kubectl do not understand.
  variables: {
    [`${VARIABLES}.gitVersion`]: VERSION,
    [`${VARIABLES}.gitMajor`]: MAJOR,
    [`${VARIABLES}.gitMinor`]: MINOR,
  },
};

function inModule(command: string): string {
  return `${MODULE}/cmd/${command}`;
}

export const whyNoKubernetes = (cache: string): string | undefined =>
  whyNoGoProgram(cache, KUBERNETES);

/** The folder in the cache with all executables, built at the first call: about ten minutes on two cores. */
export function ensureKubernetes(cache: string, log: (line: string) => void): Promise<string> {
  return ensureGoProgram(cache, KUBERNETES, log);
}
