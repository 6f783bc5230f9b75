import type * as pulumi from "@pulumi/pulumi";

/** What a node is in its cluster. */
export type Role = "master" | "worker";

/** How a host is reached by SSH. Whatever is left out is taken from the ssh config, then from OpenSSH's defaults. */
export interface LoginArgs {
  /** Login name. @default the one of the ssh config, else root */
  user?: pulumi.Input<string>;
  /** @default the one of the ssh config, else 22 */
  port?: pulumi.Input<number>;
  /** A private key's file; `~` is the home folder, a relative path starts at the project's folder. */
  privateKeyPath?: pulumi.Input<string>;
  /** The private key itself. It is a secret in the state. */
  privateKey?: pulumi.Input<string>;
  /** Opens an encrypted private key. It is a secret in the state. */
  privateKeyPassphrase?: pulumi.Input<string>;
  /** Use the keys of the ssh-agent at SSH_AUTH_SOCK. @default false */
  agent?: pulumi.Input<boolean>;
  /** A password. It is a secret in the state. */
  password?: pulumi.Input<string>;
  /** The host key that is accepted, as `ssh-ed25519 AAAA...`. @default those of the known_hosts file */
  hostKey?: pulumi.Input<string>;
  /** The user's known_hosts file. @default the one of the ssh config, else ~/.ssh/known_hosts */
  knownHostsPath?: pulumi.Input<string>;
  /** `yes`, or `accept-new`, which takes the key of a host that is not known yet and keeps it. @default yes */
  strictHostKeyChecking?: pulumi.Input<string>;
}

/** The host that connections go through. */
export interface BastionArgs extends LoginArgs {
  /** Where SSH reaches it. */
  address: pulumi.Input<string>;
}

/** How hosts are reached. */
export interface SshArgs extends LoginArgs {
  /** The host that all connections go through. @default none */
  bastion?: pulumi.Input<BastionArgs>;
  /** Run what needs root through `sudo -n`. @default true unless the user is root */
  sudo?: pulumi.Input<boolean>;
  /** How long a host that does not answer yet is waited for, e.g. `30s`. @default 30s */
  wait?: pulumi.Input<string>;
  /** An OpenSSH client configuration to read alone; `none` reads none. @default ~/.ssh/config, then /etc/ssh/ssh_config */
  config?: pulumi.Input<string>;
}

/** A host, and how to log in there. */
export interface HostArgs extends SshArgs {
  /** Where SSH reaches it, e.g. `10.0.0.12`; a Host of the ssh config works too. */
  address: pulumi.Input<string>;
}

/** A node of the cluster. */
export interface NodeArgs {
  /** The node's name, which tells it from the others. It is known before anything is made. */
  name: string;
  /** Where SSH reaches it; a Host of the ssh config works too. */
  address: pulumi.Input<string>;
  /** Both pull. */
  role: pulumi.Input<Role>;
  /** What differs from `ssh` on this node. */
  ssh?: pulumi.Input<SshArgs>;
  /** `migrate` of this node. @default that of all nodes */
  migrate?: pulumi.Input<boolean>;
  /** `recreateDeleted` of this node. @default that of all nodes */
  recreateDeleted?: pulumi.Input<boolean>;
}

/** The registry. */
export interface RegistryArgs {
  /** Name of the host that runs it: one of `nodes`, or a host of its own. It is known before anything is made. */
  host: string;
  /** The address that every node pulls from. */
  address: pulumi.Input<string>;
  /** Where SSH reaches the host. @default the node's address, or `address` for a host of its own */
  sshAddress?: pulumi.Input<string>;
  /** @default 5000 */
  port?: pulumi.Input<number>;
  /** Reference of the registry server's image; pin it with `@sha256:...`. @default registry */
  image?: pulumi.Input<string>;
  /** Docker volume that holds the images. @default registry-data */
  volume?: pulumi.Input<string>;
  /** Keep the volume, with all images, on destroy. @default true */
  retainVolume?: pulumi.Input<boolean>;
  /** Address on the host that the port is bound to. @default 0.0.0.0 */
  bind?: pulumi.Input<string>;
  /** Let the registry answer DELETE. @default true */
  deleteEnabled?: pulumi.Input<boolean>;
  /** Take over a container named `registry` that was made by hand, with its images. @default false */
  adopt?: pulumi.Input<boolean>;
  /** How to log in, where that differs from `ssh`. Only for a host that is not one of `nodes`. */
  ssh?: pulumi.Input<SshArgs>;
}

/** The client certificate that a mirror asks for: paths on every node. */
export interface ClientCertificateArgs {
  cert: pulumi.Input<string>;
  key: pulumi.Input<string>;
}

/** A mirror with more to say than its address. */
export interface MirrorArgs {
  /** E.g. `https://mirror.gcr.io`. */
  url: pulumi.Input<string>;
  /** The CA certificate that the mirror's own is checked with: a path on every node. @default the node's own CAs */
  ca?: pulumi.Input<string>;
  /** Client certificate and key. @default none */
  client?: pulumi.Input<ClientCertificateArgs>;
  /** Take any certificate. @default false */
  skipVerify?: pulumi.Input<boolean>;
  /** The address's path is the whole API root: /v2 is not appended. @default false */
  overridePath?: pulumi.Input<boolean>;
  /** What the mirror is asked for: `pull`, `resolve`, `push`. @default ["pull", "resolve"] */
  capabilities?: pulumi.Input<pulumi.Input<string>[]>;
}

/** A mirror: its address, or what there is to say beside. */
export type EndpointArgs = string | MirrorArgs;

/** Docker's packages as files. */
export interface DockerPackagesArgs {
  /** Absolute path of a folder of .deb files on the registry host. */
  packages: pulumi.Input<string>;
}

/** Where Docker comes from: `apt`, `present`, or a folder of packages. */
export type DockerArgs = "apt" | "present" | DockerPackagesArgs;

/** How long a change may take on a host. */
export interface HealthArgs {
  /** How long a daemon may take to be well after it was restarted or reloaded. @default 60s */
  wait?: pulumi.Input<string>;
  /** After this time a host ends a change that still runs, and puts itself back. @default 180s */
  watchdog?: pulumi.Input<string>;
}

/** The cluster in which the registry is published. */
export interface KubernetesArgs {
  /** A kubeconfig file; `~` is the home folder, a relative path starts at the project's folder. @default ~/.kube/config */
  kubeconfig?: pulumi.Input<string>;
  /** One of its contexts. @default its current one */
  context?: pulumi.Input<string>;
}
