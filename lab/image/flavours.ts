/** A kind of host: which Debian, and so which versions of containerd and docker.io. */
export interface Flavour {
  /** Debian's name of the release. */
  suite: string;
  /** What a host has from the start, beyond Debian's minimal base. */
  packages: string[];
  /** What a host can install: these, and what they need, lie in a folder of packages on the host. */
  offered: string[];
  /** Version of containerd that is built from its Go module, where the host shall not have Debian's. */
  containerd?: string;
}

// dbus is not in the minimal base, and yet on every Debian server: runc's systemd cgroup driver and logind talk over it.
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
  // From Debian 13 on, the docker command is a package of its own, which docker.io only recommends.
  "debian-13": { suite: "trixie", packages: SERVER, offered: ["docker.io", "docker-cli"] },
  // Debian has no containerd 2 yet. docker.io is offered with the containerd it needs, Debian's.
  "containerd-2": {
    suite: "trixie",
    packages: SERVER.filter((name) => name !== "containerd"),
    offered: ["docker.io", "docker-cli"],
    containerd: "2.2.3",
  },
} satisfies Record<string, Flavour>;

export type FlavourName = keyof typeof FLAVOURS;
