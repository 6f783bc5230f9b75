import type { LabDefinition } from "../definition";
import { HUB_NAMES } from "../hub/certificates";

/** A file that is specific to one host. */
export interface HostFile {
  /** Path on the host, without the leading slash. */
  path: string;
  contents: string;
  mode: number;
  /** User and group number. @default 0 */
  owner?: number;
}

/** A host's identity. */
export interface Identity {
  /** 32 hex digits. */
  machineId: string;
  /** Private host key in OpenSSH's format, and its public half. */
  hostKey: { private: string; public: string };
}

/**
 * Users who can log in with the lab's key, by user number. `ops` may use sudo without a password; `nosudo` has no sudo
 * rights.
 */
const LOGINS = [
  { home: "root", owner: 0 },
  { home: "home/ops", owner: 1001 },
  { home: "home/nosudo", owner: 1002 },
];

/** All files of a host that are not in its image. */
export function hostFiles(
  lab: LabDefinition,
  host: string,
  identity: Identity,
  authorizedKey: string,
): HostFile[] {
  return [
    { path: "etc/hostname", contents: `${host}\n`, mode: 0o644 },
    { path: "etc/machine-id", contents: `${identity.machineId}\n`, mode: 0o444 },
    { path: "etc/hosts", contents: hostsFile(lab, host), mode: 0o644 },
    // As on every node: Kubernetes' own guide has it.
    { path: "etc/sysctl.d/k8s.conf", contents: "net.ipv4.ip_forward = 1\n", mode: 0o644 },
    { path: "etc/ssh/ssh_host_ed25519_key", contents: identity.hostKey.private, mode: 0o600 },
    {
      path: "etc/ssh/ssh_host_ed25519_key.pub",
      contents: `${identity.hostKey.public}\n`,
      mode: 0o644,
    },
    ...LOGINS.map(({ home, owner }) => ({
      path: `${home}/.ssh/authorized_keys`,
      contents: `${authorizedKey}\n`,
      mode: 0o600,
      owner,
    })),
  ];
}

/** /etc/hosts: the lab's hosts by name, and the public registries with the hub's address. */
export function hostsFile(lab: LabDefinition, host: string): string {
  const rows = [
    ["127.0.0.1", "localhost"],
    ["::1", "localhost ip6-localhost ip6-loopback"],
    ["127.0.1.1", host],
    ...lab.hosts.filter(({ name }) => name !== host).map(({ name, address }) => [address, name]),
    [lab.hub, HUB_NAMES.join(" ")],
  ];
  return rows.map((row) => row.join("\t") + "\n").join("");
}
