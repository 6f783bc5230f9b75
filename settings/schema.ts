import { isIP } from "node:net";
import { z } from "zod";
import {
  durationSeconds,
  hostPort,
  isAddress,
  isCalendar,
  isEndpoint,
  isHostName,
  isImageHost,
  isImageReference,
  isLoopback,
  isOwnAddress,
  isPercentage,
  isRegularExpression,
  isUpstream,
} from "./formats";

// Each `error` completes the sentence "expected ...".
const text = (expected: string, holds: (value: string) => boolean = (value) => value !== "") =>
  z.string({ error: expected }).refine(holds, { error: expected });
const flag = z.boolean({ error: "true or false" });
const port = z
  .number({ error: "a port from 1 to 65535" })
  .int({ error: "a port from 1 to 65535" })
  .min(1, { error: "a port from 1 to 65535" })
  .max(65535, { error: "a port from 1 to 65535" });
const address = text("an IP address or a host name", isAddress);
const hostName = text("a host name (lower-case letters, digits, '-' and '.')", isHostName);
const path = text("a path");
const duration = text(
  "a duration such as 30s or 2m",
  (value) => durationSeconds(value) !== undefined,
);

/** A duration in seconds. Another check reports a value that is not a duration. */
const inSeconds = (value: string) => durationSeconds(value) ?? 1;

const volume = text("a volume name", (value) => /^[A-Za-z0-9][A-Za-z0-9_.-]+$/.test(value));

/** An object without unknown keys. The error for an unknown key lists the known ones. */
function object<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? known : `an object with ${known}`),
  });
}

const NODES = "a list of nodes, or {fromKubeconfig, context, selector, user, address}";
const isEmpty = (value: unknown) => Array.isArray(value) && value.length === 0;

/** The default of `kubernetes.pullCheck.wait`. */
export const DEFAULT_PULL_WAIT = "2m";

/** The default of `registry.port`. */
export const DEFAULT_PORT = 5000;
/** `ui.port`, unless it is set. */
export const DEFAULT_UI_PORT = 8080;

/** `gcTimer.untaggedDays`, unless it is set. */
export const DEFAULT_UNTAGGED_DAYS = 7;

const login = {
  /** Login name. @default the one in the ssh config, or else root */
  user: text("a login name", (value) => /^[A-Za-z_][A-Za-z0-9._-]*\$?$/.test(value)).optional(),
  /** @default the one in the ssh config, or else 22 */
  port: port.optional(),
  /** A private key's file; `~` is the home folder, a relative path starts at the project's folder. */
  privateKeyPath: path.optional(),
  /** The private key itself (a secret). */
  privateKey: text("a private key in PEM or OpenSSH form", (value) =>
    value.includes("PRIVATE KEY-----"),
  ).optional(),
  /** Opens an encrypted private key (a secret). */
  privateKeyPassphrase: text("the private key's passphrase").optional(),
  /**
   * Use the keys of the ssh-agent at SSH_AUTH_SOCK. Otherwise an agent is used only if an IdentityFile is a public key.
   */
  agent: flag.optional(),
  /** A password (a secret). It also answers keyboard-interactive prompts. */
  password: text("a password").optional(),
  /** The accepted host key, such as `ssh-ed25519 AAAA...`. @default the keys in the known_hosts file */
  hostKey: text("a host key such as 'ssh-ed25519 AAAA...'", (value) =>
    /^(ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/=]+( .*)?$/.test(value),
  ).optional(),
  /**
   * The user's known_hosts file. The machine's own file counts as well. @default the one in the ssh config, or else
   * ~/.ssh/known_hosts
   */
  knownHostsPath: path.optional(),
  /**
   * `accept-new` accepts an unknown host's key and writes it to the known_hosts file. Both values refuse a changed key.
   * @default yes
   */
  strictHostKeyChecking: z.enum(["yes", "accept-new"], { error: "yes or accept-new" }).optional(),
  /** The time limit of one TCP connection. @default ConnectTimeout of the ssh config, or else 15s */
  connectTimeout: duration
    .refine((value) => inSeconds(value) >= 1 && inSeconds(value) <= 600, {
      error: "a duration from 1s to 10m",
    })
    .optional(),
  /**
   * Ask a server that is silent for this long whether it is there; after three misses, the link is dead.
   * @default ServerAliveInterval and ServerAliveCountMax of the ssh config, or else 15s
   */
  keepAlive: duration
    .refine((value) => inSeconds(value) >= 1 && inSeconds(value) <= 600, {
      error: "a duration from 1s to 10m",
    })
    .optional(),
};

const hop = object({ address, ...login });
const BASTION = "none, {address, user, port, ...}, or a list of them from the outermost on";
const bastion = z.union(
  [z.literal("none"), hop, z.array(hop).min(1, { error: "at least one bastion" })],
  { error: BASTION },
);

const ssh = object({
  ...login,
  /** The host that all connections go through, or several in order; `none` for a node that needs none. */
  bastion: bastion.optional(),
  /** Run commands that need root through `sudo -n`. @default true unless the user is root */
  sudo: flag.optional(),
  /** How long to wait for a host that does not answer yet, e.g. `30s`. @default 30s */
  wait: duration.optional(),
  /**
   * The only OpenSSH client configuration to read; `none` reads none. @default ~/.ssh/config, then /etc/ssh/ssh_config
   */
  config: path.optional(),
});

const registry = object({
  /** Name of the host that runs the registry: one of `nodes`, or a host of its own. */
  host: hostName,
  /** The address that every node pulls from. */
  address: address
    .refine((value) => isImageHost(hostPort(value, DEFAULT_PORT)) || !isAddress(value), {
      error: "an address that image names can have (an IPv6 address without zone and dots)",
    })
    .refine((value) => !isOwnAddress(value), {
      error: "an address that other hosts reach (not loopback or 0.0.0.0)",
    }),
  /** The address for SSH. @default the node's address, or `address` if the host is not a node */
  sshAddress: address.optional(),
  /** @default 5000 */
  port: port.default(DEFAULT_PORT),
  /** Reference of the registry server's image; pin it with `@sha256:...`. @default registry */
  image: text("an image reference", isImageReference).default("registry"),
  /** Docker volume that holds the images. @default registry-data */
  volume: volume.default("registry-data"),
  /** Keep the volume, with all images, on destroy. @default true */
  retainVolume: flag.default(true),
  /** Address on the registry host that the port is bound to. @default 0.0.0.0 */
  bind: text("an IP address", (value) => isIP(value) !== 0)
    .refine((value) => !isLoopback(value), {
      error: "an IP address that other hosts reach (not loopback)",
    })
    .default("0.0.0.0"),
  /** Whether the registry allows DELETE. @default true */
  deleteEnabled: flag.default(true),
  /** Take over a container named `registry` that was created by hand, with its images. @default false */
  adopt: flag.default(false),
  /** SSH settings that differ from `ssh`. Only for a host that is not one of `nodes`. */
  ssh: ssh.optional(),
});

const node = object({
  name: hostName,
  /** The address for SSH, which may be a Host of the ssh config. */
  address,
  role: z.enum(["master", "worker"], { error: "master or worker" }),
  /** Settings that differ from `ssh` on this node. */
  ssh: ssh.optional(),
  /** `migrate` for this node. @default the value for all nodes */
  migrate: flag.optional(),
  /** `recreateDeleted` for this node. @default the value for all nodes */
  recreateDeleted: flag.optional(),
});

const url = text("an http:// or https:// address without user, query or fragment", isEndpoint);
const nodePath = text("an absolute path on the node", (value) => /^\/[^\0\n]*$/.test(value));

/** A mirror with settings beside its address. */
const mirror = object({
  url,
  /** The CA certificate for the mirror's certificate: a path on every node. @default the node's own CAs */
  ca: nodePath.optional(),
  /** Client certificate and key: paths on every node. @default none */
  client: object({ cert: nodePath, key: nodePath }).optional(),
  /** Accept any certificate. @default false */
  skipVerify: flag.optional(),
  /** The path of the address is the whole API root: /v2 is not appended. @default false */
  overridePath: flag.optional(),
  /** What the mirror is used for. @default [pull, resolve] */
  capabilities: z
    .array(z.enum(["pull", "resolve", "push"], { error: "pull, resolve or push" }), {
      error: "a list of pull, resolve and push",
    })
    .min(1, { error: "at least one of pull, resolve and push" })
    .optional(),
});

/** An address alone, or a mirror with more settings. */
const endpoint = z.union([url, mirror], {
  error: (issue) =>
    typeof issue.input === "string"
      ? "an http:// or https:// address without user, query or fragment"
      : "an address, or {url, ca, client, skipVerify, overridePath, capabilities}",
});
const registryName = text(
  "a registry's host as in image names (docker.io, 10.0.0.5:5000; one without a dot needs its port)",
  (value) => value === "_default" || isImageHost(value),
);

/** What people take for Docker Hub's registry. */
const HUB_NAMES = [
  ...["docker.io", "www.docker.io", "docker.com", "www.docker.com", "hub.docker.com"],
  "registry.hub.docker.com",
];
/** The host of an upstream, without brackets; empty if it is none. */
const hostOf = (upstream: string) =>
  isUpstream(upstream) ? new URL(upstream).hostname.replace(/^\[|\]$/g, "") : "";

/** A cache of another registry, on the registry host. */
const cache = object({
  /** The registry that is cached, e.g. `https://registry-1.docker.io`. */
  upstream: text("an http:// or https:// address without path, user, query or fragment", isUpstream)
    .refine((value) => !HUB_NAMES.includes(hostOf(value)), {
      error: "https://registry-1.docker.io, which serves the images of docker.io",
    })
    .refine((value) => !isOwnAddress(hostOf(value)), {
      error: "an address that the registry host reaches (not loopback or 0.0.0.0)",
    }),
  /** The port on the registry host. */
  port,
  /** The registry in image names. @default the upstream's host and port; docker.io for registry-1.docker.io */
  name: text(
    "a registry's host as in image names (docker.io, 10.0.0.5:5000; one without a dot needs its port)",
    isImageHost,
  ).optional(),
  /** Docker volume that holds the cached images, kept on destroy. @default one that goes with the cache */
  volume: volume.optional(),
  /** The login at the upstream. @default none */
  username: text("a login name").optional(),
  /** Its password (a secret). */
  password: text("a password").optional(),
});

/** The helper on the host passes the files in this folder to apt, and accepts only these characters in the path. */
const packages = text(
  "an absolute path on the registry host (letters, digits, '.', '_', '+', '-' and '/')",
  (value) => /^\/[A-Za-z0-9._/+-]+$/.test(value),
);
const docker = z.union([z.literal("apt"), z.literal("present"), object({ packages })], {
  error: "apt, present, or {packages: FOLDER}",
});

/** The check from inside the cluster. */
const pullCheck = object({
  /** How long the nodes may take to pull. @default 2m */
  wait: duration
    .refine((value) => inSeconds(value) >= 1 && inSeconds(value) <= 3600, {
      error: "a duration from 1s to 1h",
    })
    .default(DEFAULT_PULL_WAIT),
});

/** The cluster that publishes the registry. */
const kubernetes = object({
  /** A kubeconfig file; `~` is the home folder, a relative path starts at the project's folder. @default ~/.kube/config */
  kubeconfig: path.default("~/.kube/config"),
  /** One of its contexts. @default its current one */
  context: text("a context's name").optional(),
  /** Pull an image on every node of the cluster, as long as this is set. @default false */
  pullCheck: z
    .union([flag, pullCheck], { error: "true, false, or {wait}" })
    .transform((value) => (value === true ? { wait: DEFAULT_PULL_WAIT } : value))
    .default(false),
});

const health = object({
  /** How long a daemon may take to become healthy after a restart or a reload. @default 60s */
  wait: duration
    .refine((value) => inSeconds(value) >= 1 && inSeconds(value) <= 600, {
      error: "a duration from 1s to 10m",
    })
    .default("60s"),
  /**
   * After this time, the host ends a change that still runs, and rolls it back. Another change of the same host waits
   * for `watchdog` plus `wait`. @default 180s
   */
  watchdog: duration
    .refine((value) => inSeconds(value) <= 3600, { error: "a duration of at most 1h" })
    .default("180s"),
});

/** Where the nodes come from, instead of a list: a cluster's API server. */
const nodeSource = object({
  /** A kubeconfig file; `~` is the home folder, a relative path starts at the project's folder. */
  fromKubeconfig: path,
  /** One of its contexts. @default its current one */
  context: text("a context's name").optional(),
  /** A label selector, as for `kubectl -l`. @default all nodes */
  selector: text("a label selector as for kubectl -l").optional(),
  /** Login name on these nodes. @default `ssh.user` */
  user: login.user,
  /** Which address of a node SSH uses. @default InternalIP */
  address: z
    .enum(["InternalIP", "ExternalIP", "Hostname"], {
      error: "InternalIP, ExternalIP or Hostname",
    })
    .default("InternalIP"),
});

/** The page for the images, on the registry's host. */
const ui = object({
  /** @default 8080 */
  port: port.default(DEFAULT_UI_PORT),
  /** Let the page only show images. Otherwise whoever reaches the port can delete them: it has no login. @default false */
  readOnly: flag.default(false),
  /** Reference of an official nginx image; pin it with `@sha256:...`. @default nginx */
  image: text("an image reference", isImageReference).default("nginx"),
  /** Address on the registry host that the port is bound to. @default 0.0.0.0 */
  bind: text("an IP address", (value) => isIP(value) !== 0).default("0.0.0.0"),
});

const BATCH = 'a number of nodes from 1, or a part of all nodes such as "25%"';
const atLeastOne = (expected: string) =>
  z.number({ error: expected }).int({ error: expected }).min(1, { error: expected });

/** How long `npm run gc` keeps tags. A tag that one condition keeps is kept. */
const retention = object({
  /** Repositories by name: `*` is any text without a slash, `**` is any text. The first rule that fits decides. */
  repositories: text(
    "a pattern of repository names such as app/* (lower case, without the registry's address and without a tag)",
    (value) => /^[a-z0-9._/*-]+$/.test(value),
  ),
  /** Keep so many tags of each repository: those that were pushed last. */
  keepLast: atLeastOne("a number of tags from 1").optional(),
  /** Keep tags that were pushed in the last so many days. */
  keepDays: atLeastOne("a number of days from 1").optional(),
  /** Keep tags that match this regular expression. */
  keepTags: text("a regular expression of tags such as ^v", isRegularExpression).optional(),
}).refine(({ keepLast, keepDays, keepTags }) => (keepLast ?? keepDays ?? keepTags) !== undefined, {
  error: "at least one of keepLast, keepDays and keepTags: without them, every tag would go",
});

/** The order in which nodes are changed. */
const rollout = object({
  /** Change so many nodes first, alone: workers before masters. @default 1 */
  canary: z
    .number({ error: "a number of nodes from 0" })
    .int({ error: "a number of nodes from 0" })
    .min(0, { error: "a number of nodes from 0" })
    .default(1),
  /** Then change so many nodes at once: a number, or a part of all nodes such as "25%". @default 25% */
  batch: z.union([atLeastOne(BATCH), text(BATCH, isPercentage)], { error: BATCH }).default("25%"),
  /** Wait so long after each batch. @default 0s */
  pause: duration
    .refine((value) => inSeconds(value) <= 24 * 3600, { error: "a duration of at most 24h" })
    .default("0s"),
});

const failOrSkip = z.enum(["fail", "skip"], { error: "fail or skip" }).default("fail");

/** A clean-up on the registry's host at fixed times, without an operator. */
const gcTimer = object({
  /** When, as in systemd's OnCalendar, in the host's time zone. */
  onCalendar: text("a time as in systemd's OnCalendar such as Sun 03:00", isCalendar),
  /** Remove manifests that have had no tag for so many days. With a cluster, they all stay. @default 7 */
  untaggedDays: atLeastOne("a number of days from 1").default(DEFAULT_UNTAGGED_DAYS),
});

/** All settings, as the stack's configuration holds them. */
export const schema = object({
  registry,
  docker: docker.default("apt"),
  nodes: z.union(
    [
      z.array(node, { error: "a list of nodes" }).min(1, { error: "at least one node" }),
      nodeSource,
    ],
    { error: (issue) => (isEmpty(issue.input) ? "at least one node" : NODES) },
  ),
  ssh: ssh.default({}),
  /** How long a change may take on a host. */
  health: health.prefault({}),
  mirrors: z
    .record(
      registryName,
      z.array(endpoint, { error: "a list of addresses" }).min(1, { error: "at least one address" }),
      {
        error: "lists of addresses by registry name",
      },
    )
    .default({}),
  /** Caches of other registries, on the registry host. Nodes ask a cache first, then its upstream. @default none */
  caches: z.array(cache, { error: "a list of caches" }).default([]),
  /**
   * Move existing `mirrors` to hosts.toml files on each node that mixes both ways, or would mix them with these
   * settings. No other node changes. @default false
   */
  migrate: flag.default(false),
  /**
   * If somebody has deleted a configuration file that existed before the first `up`, write a new one with only the
   * lines of this program. Otherwise this is an error, which names the copy of the file's last text. @default false
   */
  recreateDeleted: flag.default(false),
  /** Publish the registry in the cluster (KEP-1755). @default do not use the cluster */
  kubernetes: kubernetes.optional(),
  /** Run a page for the images on the registry's host. @default no page */
  ui: ui.optional(),
  /** Change the nodes in batches, and stop after a batch with a failure. @default all nodes at once */
  rollout: rollout.optional(),
  /** A node that cannot be reached: `fail` changes no host, `skip` leaves out this node. @default fail */
  onUnreachable: failOrSkip,
  /** A node whose configuration cannot be changed with certainty: `fail` or `skip`. @default fail */
  onProblem: failOrSkip,
  /** Which tags `npm run gc` removes, and a preview names. @default none */
  retention: z.array(retention, { error: "a list of rules" }).optional(),
  /** Clean up on the registry's host at fixed times. @default only `npm run gc` cleans up */
  gcTimer: gcTimer.optional(),
  /** The engine that runs this stack, for `npm run up` and the other commands. */
  engine: z.enum(["embedded", "pulumi"], { error: "embedded or pulumi" }).optional(),
});

/** The settings as they are written: `nodes` may name a cluster. */
export type WrittenSettings = z.output<typeof schema>;
export type NodeSource = z.output<typeof nodeSource>;
/** The settings with a list of nodes, wherever it comes from. */
export type Settings = Omit<WrittenSettings, "nodes"> & { nodes: NodeSettings[] };
export type SshSettings = z.output<typeof ssh>;
export type BastionSettings = z.output<typeof hop>;
export type NodeSettings = z.output<typeof node>;
export type RegistrySettings = z.output<typeof registry>;
export type RolloutSettings = z.output<typeof rollout>;
export type UiSettings = z.output<typeof ui>;
export type GcTimerSettings = z.output<typeof gcTimer>;
export type DockerSettings = z.output<typeof docker>;
