/** A kind of host: a Debian release, which determines the versions of containerd and docker.io. */
export interface Flavour {
  /** Debian's name of the release. */
  suite: string;
  /** The packages of a host, beyond Debian's minimal base. */
  packages: string[];
  /** Packages that a host can install. They and their dependencies are in a folder on the host. */
  offered: string[];
  /** The version of containerd to build from its Go module instead of Debian's package. */
  containerd?: string;
}

// dbus is not in the minimal base, but on every Debian server: runc's systemd cgroup driver and logind use it.
const SERVER = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "openssh-server",
  "iproute2",
  "iptables",
  "curl",
  "procps",
  "ca-certificates",
  "sudo",
  "containerd",
  "runc",
];

export const FLAVOURS = {
  "debian-12": { suite: "bookworm", packages: SERVER, offered: ["docker.io"] },
  // From Debian 13 on, the docker command is in a separate package, which docker.io only recommends.
  "debian-13": { suite: "trixie", packages: SERVER, offered: ["docker.io", "docker-cli"] },
  // Debian has no containerd 2 yet. docker.io is offered with Debian's containerd, which it requires.
  "containerd-2": {
    suite: "trixie",
    packages: SERVER.filter((name) => name !== "containerd"),
    offered: ["docker.io", "docker-cli"],
    containerd: "2.2.3",
  },
} satisfies Record<string, Flavour>;

export type FlavourName = keyof typeof FLAVOURS;
