import type { HostDefinition, LabDefinition } from "../definition";
import { apiAddress, POD_NETWORK, podNetwork } from "./addresses";
import type { Authority } from "./certificates";
import { kubeconfig } from "./kubeconfig";
import { serviceText, type Unit } from "./units";

const FOLDER = "/etc/kubernetes/node";
const at = (file: string) => `${FOLDER}/${file}`;
/** Runs before each start of kubelet, and whenever the lab comes up. */
export const PREPARE = at("prepare.sh");

/** The services of every node: kubelet, and kube-proxy for the addresses of Services. */
export async function nodeUnits(
  lab: LabDefinition,
  host: HostDefinition,
  authority: Authority,
  programs: string,
): Promise<Unit[]> {
  const user = `system:node:${host.name}`;
  const pair = await authority.issue(`kubelet-${host.name}`, {
    user,
    group: "system:nodes",
    names: [host.name],
    addresses: [host.address],
  });
  const proxy = await authority.issue("kube-proxy", { user: "system:kube-proxy" });
  const config = (name: string, own: typeof pair) =>
    kubeconfig(apiAddress(lab), authority.certificate, name, own);
  return [
    {
      name: "kubelet.service",
      text: serviceText({
        description: "kubelet",
        program: `${programs}/kubelet`,
        after: "containerd.service",
        before: `/bin/sh ${PREPARE}`,
        flags: {
          config: at("kubelet.json"),
          kubeconfig: at("kubelet.kubeconfig"),
          "hostname-override": host.name,
          "node-ip": host.address,
        },
      }),
      files: {
        [PREPARE]: prepareScript(lab, host),
        [at("ca.crt")]: authority.certificate,
        [at("kubelet.crt")]: pair.certificate,
        [at("kubelet.key")]: pair.key,
        [at("kubelet.kubeconfig")]: config(user, pair),
        [at("kubelet.json")]: json(KUBELET),
        "/etc/cni/net.d/10-lab.conflist": json(podNetworkOf(podNetwork(lab, host.name))),
      },
    },
    {
      name: "kube-proxy.service",
      text: serviceText({
        description: "kube-proxy",
        program: `${programs}/kube-proxy`,
        flags: { config: at("kube-proxy.json"), "hostname-override": host.name },
      }),
      files: {
        [at("kube-proxy.kubeconfig")]: config("system:kube-proxy", proxy),
        [at("kube-proxy.json")]: json(PROXY),
      },
    },
  ];
}

const json = (value: unknown) => JSON.stringify(value, undefined, 2) + "\n";

/**
 * A host of a lab has no control groups with controllers, no kernel log and no disk of its own, so kubelet must work
 * without them.
 */
const KUBELET = {
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: at("ca.crt") },
  },
  authorization: { mode: "Webhook" },
  tlsCertFile: at("kubelet.crt"),
  tlsPrivateKeyFile: at("kubelet.key"),
  cgroupDriver: "systemd",
  cgroupsPerQOS: false,
  enforceNodeAllocatable: [],
  failSwapOn: false,
  localStorageCapacityIsolation: false,
  evictionHard: { "memory.available": "1Mi" },
  featureGates: { KubeletInUserNamespace: true },
};

const PROXY = {
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  clientConnection: { kubeconfig: at("kube-proxy.kubeconfig") },
  mode: "iptables",
  clusterCIDR: POD_NETWORK,
  // These settings belong to the whole machine, so a host does not change them.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
};

/** Pods of a node are connected by a bridge. Traffic to outside of the cluster's networks has the node's address. */
function podNetworkOf(subnet: string): object {
  return {
    cniVersion: "1.0.0",
    name: "lab",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: { type: "host-local", ranges: [[{ subnet }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

/** The routes to the Pods of other nodes go through these nodes. kubelet needs to read the kernel's log. */
function prepareScript(lab: LabDefinition, host: HostDefinition): string {
  const others = lab.hosts.filter(({ name }) => name !== host.name);
  return [
    "[ -e /dev/kmsg ] || mknod /dev/kmsg c 1 3",
    ...others.map(
      ({ name, address }) => `ip route replace ${podNetwork(lab, name)} via ${address}`,
    ),
    "",
  ].join("\n");
}
