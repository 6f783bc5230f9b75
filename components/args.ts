import type * as pulumi from "@pulumi/pulumi";

/** A node's role in its cluster. */
export type Role = "master" | "worker";

/** How to reach a host by SSH. The ssh config supplies missing values, then OpenSSH's defaults. */
export interface LoginArgs {
  /** Login name. @default the one in the ssh config, else root */
  user?: pulumi.Input<string>;
  /** @default the one in the ssh config, else 22 */
  port?: pulumi.Input<number>;
  /** The file of a private key; `~` is the home folder, a relative path starts at the project's folder. */
  privateKeyPath?: pulumi.Input<string>;
  /** The private key itself. It is a secret in the state. */
  privateKey?: pulumi.Input<string>;
  /** The passphrase of the private key. It is a secret in the state. */
  privateKeyPassphrase?: pulumi.Input<string>;
  /** Use the keys of the ssh-agent at SSH_AUTH_SOCK. @default false */
  agent?: pulumi.Input<boolean>;
  /** A password. It is a secret in the state. */
  password?: pulumi.Input<string>;
  /** The accepted host key, as `ssh-ed25519 AAAA...`. @default the keys in the known_hosts file */
  hostKey?: pulumi.Input<string>;
  /** The user's known_hosts file. @default the one in the ssh config, else ~/.ssh/known_hosts */
  knownHostsPath?: pulumi.Input<string>;
  /** `yes`, or `accept-new`, which accepts and saves the key of an unknown host. @default yes */
  strictHostKeyChecking?: pulumi.Input<string>;
  /** The time limit of one TCP connection, e.g. `30s`. @default ConnectTimeout of the ssh config, else 15s */
  connectTimeout?: pulumi.Input<string>;
  /** Ask a silent server after this time; three misses end the connection. @default as in the ssh config, else 15s */
  keepAlive?: pulumi.Input<string>;
}

/** The host that connections go through. */
export interface BastionArgs extends LoginArgs {
  /** Its address for SSH. */
  address: pulumi.Input<string>;
}

/** A bastion, several from the outermost on, or none. */
export type BastionSetting = "none" | BastionArgs | pulumi.Input<BastionArgs>[];

/** How to reach the hosts. */
export interface SshArgs extends LoginArgs {
  /** The host that all connections go through, or several in order. `none` for a node that needs none. @default none */
  bastion?: pulumi.Input<BastionSetting>;
  /** Run commands that need root through `sudo -n`. @default true unless the user is root */
  sudo?: pulumi.Input<boolean>;
  /** How long to wait for a host that does not answer yet, e.g. `30s`. @default 30s */
  wait?: pulumi.Input<string>;
  /**
   * The only OpenSSH client configuration to read; `none` reads none. @default ~/.ssh/config, then /etc/ssh/ssh_config
   */
  config?: pulumi.Input<string>;
}

/** A host, and how to log in to it. */
export interface HostArgs extends SshArgs {
  /** Its address for SSH, e.g. `10.0.0.12`, or a Host of the ssh config. */
  address: pulumi.Input<string>;
}

/** A node of the cluster. */
export interface NodeArgs {
  /** The node's name, unique among the nodes. It must be known before any resource is created. */
  name: string;
  /** Its address for SSH, or a Host of the ssh config. */
  address: pulumi.Input<string>;
  /** Nodes of both roles pull. */
  role: pulumi.Input<Role>;
  /** The settings that differ from `ssh` on this node. */
  ssh?: pulumi.Input<SshArgs>;
  /** `migrate` for this node. @default the value for all nodes */
  migrate?: pulumi.Input<boolean>;
  /** `recreateDeleted` for this node. @default the value for all nodes */
  recreateDeleted?: pulumi.Input<boolean>;
}

/** The nodes of a cluster, read from its API server each time the program runs. All values must be known before. */
export interface ClusterNodesArgs {
  /** A kubeconfig file; `~` is the home folder, a relative path starts at the project's folder. */
  fromKubeconfig: pulumi.Input<string>;
  /** One of its contexts. @default its current one */
  context?: pulumi.Input<string>;
  /** A label selector, as for `kubectl -l`. @default all nodes */
  selector?: pulumi.Input<string>;
  /** Login name on these nodes. @default `ssh.user` */
  user?: pulumi.Input<string>;
  /** Which address of a node SSH uses: `InternalIP`, `ExternalIP` or `Hostname`. @default InternalIP */
  address?: pulumi.Input<string>;
}

/** The nodes as a list, or those of a cluster. */
export type NodesArgs = pulumi.Input<NodeArgs>[] | ClusterNodesArgs;

/** The registry. */
export interface RegistryArgs {
  /**
   * The name of the host that runs it: one of `nodes`, or a separate host. It must be known before any resource is
   * created.
   */
  host: string;
  /** The address that every node pulls from. */
  address: pulumi.Input<string>;
  /** The host's address for SSH. @default the node's address, or `address` for a separate host */
  sshAddress?: pulumi.Input<string>;
  /** @default 5000 */
  port?: pulumi.Input<number>;
  /** Reference of the registry server's image; pin it with `@sha256:...`. @default registry */
  image?: pulumi.Input<string>;
  /** Docker volume that holds the images. @default registry-data */
  volume?: pulumi.Input<string>;
  /** Keep the volume, with all images, on destroy. @default true */
  retainVolume?: pulumi.Input<boolean>;
  /** The address on the host where the port listens. @default 0.0.0.0 */
  bind?: pulumi.Input<string>;
  /** Accept DELETE requests. @default true */
  deleteEnabled?: pulumi.Input<boolean>;
  /** Take over a container named `registry` that was created by hand, with its images. @default false */
  adopt?: pulumi.Input<boolean>;
  /** The login settings that differ from `ssh`. Only for a host that is not one of `nodes`. */
  ssh?: pulumi.Input<SshArgs>;
}

/** The client certificate that a mirror requires, as paths on every node. */
export interface ClientCertificateArgs {
  cert: pulumi.Input<string>;
  key: pulumi.Input<string>;
}

/** A mirror with further settings. */
export interface MirrorArgs {
  /** E.g. `https://mirror.gcr.io`. */
  url: pulumi.Input<string>;
  /** The CA certificate that verifies the mirror's certificate: a path on every node. @default the node's own CAs */
  ca?: pulumi.Input<string>;
  /** Client certificate and key. @default none */
  client?: pulumi.Input<ClientCertificateArgs>;
  /** Accept any certificate. @default false */
  skipVerify?: pulumi.Input<boolean>;
  /** The URL's path is the whole API root: /v2 is not appended. @default false */
  overridePath?: pulumi.Input<boolean>;
  /** The mirror's capabilities: `pull`, `resolve`, `push`. @default ["pull", "resolve"] */
  capabilities?: pulumi.Input<pulumi.Input<string>[]>;
}

/** A mirror: its URL, or an object with further settings. */
export type EndpointArgs = string | MirrorArgs;

/** A cache of another registry. */
export interface CacheArgs {
  /** The registry that is cached, e.g. `https://registry-1.docker.io`, or `http://10.9.0.5:5000` at another site. */
  upstream: pulumi.Input<string>;
  /** The port on the registry's host, e.g. `5001`. */
  port: pulumi.Input<number>;
  /** The registry in image names. @default the upstream's host and port; docker.io for registry-1.docker.io */
  name?: pulumi.Input<string>;
  /** Docker volume that holds the cached images, kept on destroy. @default one that goes with the cache */
  volume?: pulumi.Input<string>;
  /** The login at the upstream. @default none */
  username?: pulumi.Input<string>;
  /** Its password. It is a secret in the state. */
  password?: pulumi.Input<string>;
}

/** Docker's packages as files. */
export interface DockerPackagesArgs {
  /** Absolute path of a folder of .deb files on the registry host. */
  packages: pulumi.Input<string>;
}

/** The source of Docker: `apt`, `present`, or a folder of packages. */
export type DockerArgs = "apt" | "present" | DockerPackagesArgs;

/** Time limits for a change on a host. */
export interface HealthArgs {
  /** How long a daemon may take to become healthy after a restart or reload. @default 60s */
  wait?: pulumi.Input<string>;
  /** After this time, a host stops a change that still runs, and undoes it. @default 180s */
  watchdog?: pulumi.Input<string>;
}

/** How many nodes: a number, or a part of all nodes such as `25%`. */
export type BatchSize = number | string;

/** The order in which nodes are changed. Of several masters, no batch has two. */
export interface RolloutArgs {
  /** Change so many nodes first, alone: workers before masters. @default 1 */
  canary?: pulumi.Input<number>;
  /** Then change so many nodes at once. @default 25% */
  batch?: pulumi.Input<BatchSize>;
  /** Wait so long after each batch, e.g. `5m`. @default 0s */
  pause?: pulumi.Input<string>;
}

/** What a run does with a node that it cannot change. */
export type FailOrSkip = "fail" | "skip";

/** The cluster in which the registry is published. */
export interface KubernetesArgs {
  /** A kubeconfig file; `~` is the home folder, a relative path starts at the project's folder. @default ~/.kube/config */
  kubeconfig?: pulumi.Input<string>;
  /** One of its contexts. @default its current one */
  context?: pulumi.Input<string>;
  /** Pull an image on every node of the cluster, as long as this is set: see `PullCheck`. @default false */
  pullCheck?: pulumi.Input<PullCheckSetting>;
}

/** The page for the images. It has no login: whoever reaches its port can use it. */
export interface UiArgs {
  /** @default 8080 */
  port?: pulumi.Input<number>;
  /** Only show images; otherwise the page deletes them too. @default false */
  readOnly?: pulumi.Input<boolean>;
  /** Reference of an official nginx image; pin it with `@sha256:...`. @default nginx */
  image?: pulumi.Input<string>;
  /** The address on the host where the port listens; 127.0.0.1 for the host alone. @default 0.0.0.0 */
  bind?: pulumi.Input<string>;
}

/** A clean-up on the registry's host at fixed times. It removes no tag. */
export interface GcTimerArgs {
  /** When, as in systemd's OnCalendar, e.g. `Sun 03:00`, in the host's time zone. */
  onCalendar: pulumi.Input<string>;
  /** Remove manifests that have had no tag for so many days. With a cluster, they all stay. @default 7 */
  untaggedDays?: pulumi.Input<number>;
}

/** The limit for a check of all nodes. */
export interface PullCheckLimits {
  /** How long the nodes may take to pull, e.g. `30s`. @default 2m */
  wait?: pulumi.Input<string>;
}

/** Whether a check is on, or its limit. */
export type PullCheckSetting = boolean | PullCheckLimits;
