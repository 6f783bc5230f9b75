import type { LabDefinition } from "../definition";
import { API_SERVICE, apiAddress, controlPlane, SERVICE_NETWORK } from "./addresses";
import type { Authority, Pair } from "./certificates";
import { kubeconfig } from "./kubeconfig";
import { serviceText, type Unit } from "./units";

const FOLDER = "/etc/kubernetes/control-plane";
const at = (file: string) => `${FOLDER}/${file}`;

/** The services of the control plane, with TLS between all of them. */
export async function controlPlaneUnits(
  lab: LabDefinition,
  authority: Authority,
  programs: string,
): Promise<Unit[]> {
  const { name, address } = controlPlane(lab);
  const server = { names: ["localhost"], addresses: ["127.0.0.1"] };
  const etcd = await authority.issue("etcd", { user: "etcd", ...server });
  const api = await authority.issue("kube-apiserver", {
    user: "kube-apiserver",
    names: ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost", name],
    addresses: [API_SERVICE, "127.0.0.1", address],
  });
  // The API server is an administrator for the kubelets, and a client for etcd.
  const client = await authority.issue("kube-apiserver-client", {
    user: "kube-apiserver-client",
    group: "system:masters",
  });
  const tokens = await authority.issue("service-accounts", { user: "service-accounts" });
  const ca = { [at("ca.crt")]: authority.certificate };
  return [
    {
      name: "etcd.service",
      text: serviceText({
        description: "etcd",
        program: `${programs}/server`,
        notifies: true,
        flags: {
          "data-dir": "/var/lib/etcd",
          "listen-client-urls": "https://127.0.0.1:2379",
          "advertise-client-urls": "https://127.0.0.1:2379",
          "listen-peer-urls": "http://127.0.0.1:2380",
          "cert-file": at("etcd.crt"),
          "key-file": at("etcd.key"),
          "client-cert-auth": "true",
          "trusted-ca-file": at("ca.crt"),
          // It is easier to create a lab's cluster again than to repair it.
          "unsafe-no-fsync": "true",
        },
      }),
      files: { ...ca, ...pairFiles("etcd", etcd) },
    },
    {
      name: "kube-apiserver.service",
      text: serviceText({
        description: "Kubernetes API server",
        program: `${programs}/kube-apiserver`,
        after: "etcd.service",
        notifies: true,
        flags: {
          "advertise-address": address,
          "secure-port": "6443",
          "service-cluster-ip-range": SERVICE_NETWORK,
          "etcd-servers": "https://127.0.0.1:2379",
          "etcd-cafile": at("ca.crt"),
          "etcd-certfile": at("client.crt"),
          "etcd-keyfile": at("client.key"),
          "client-ca-file": at("ca.crt"),
          "tls-cert-file": at("api.crt"),
          "tls-private-key-file": at("api.key"),
          "kubelet-certificate-authority": at("ca.crt"),
          "kubelet-client-certificate": at("client.crt"),
          "kubelet-client-key": at("client.key"),
          "kubelet-preferred-address-types": "InternalIP",
          "service-account-issuer": "https://kubernetes.default.svc",
          "service-account-key-file": at("tokens.crt"),
          "service-account-signing-key-file": at("tokens.key"),
          "authorization-mode": "Node,RBAC",
          "enable-admission-plugins": "NodeRestriction",
          "allow-privileged": "true",
        },
      }),
      files: {
        ...ca,
        ...pairFiles("api", api),
        ...pairFiles("client", client),
        ...pairFiles("tokens", tokens),
      },
    },
    await worker("kube-controller-manager", {
      "service-account-private-key-file": at("tokens.key"),
      "root-ca-file": at("ca.crt"),
      "use-service-account-credentials": "true",
    }),
    await worker("kube-scheduler", {}),
  ];

  async function worker(program: string, flags: Record<string, string>): Promise<Unit> {
    const user = `system:${program}`;
    const config = kubeconfig(
      apiAddress(lab),
      authority.certificate,
      user,
      await authority.issue(program, { user }),
    );
    return {
      name: `${program}.service`,
      text: serviceText({
        description: program,
        program: `${programs}/${program}`,
        after: "kube-apiserver.service",
        flags: {
          kubeconfig: at(`${program}.kubeconfig`),
          "bind-address": "127.0.0.1",
          "leader-elect": "false",
          ...flags,
        },
      }),
      files: { [at(`${program}.kubeconfig`)]: config },
    };
  }
}

function pairFiles(name: string, { certificate, key }: Pair): Record<string, string> {
  return { [at(`${name}.crt`)]: certificate, [at(`${name}.key`)]: key };
}
