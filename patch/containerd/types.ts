import { type TomlDocument } from "../toml/document";
import { isTable, stringsOf, type Tree, type TreeTable } from "../toml/value";
import { readAs } from "./letters";
import { criPlugin, type DaemonVersion, isAtLeast } from "./version";

/** The type of a value; `[kind]` is a table with arbitrary keys. */
export type Kind =
  "text" | "integer" | "boolean" | "texts" | "table" | { [key: string]: Kind } | [Kind];

type Keys = { [key: string]: Kind };

const socket: Kind = { address: "text", uid: "integer", gid: "integer" };

/** The types of config.toml's top-level keys, in every version of containerd. */
export const ROOT: Keys = {
  version: "integer",
  root: "text",
  state: "text",
  temp: "text",
  plugin_dir: "text",
  disabled_plugins: "texts",
  required_plugins: "texts",
  imports: "texts",
  oom_score: "integer",
  plugins: ["table"],
  grpc: {
    ...socket,
    tcp_address: "text",
    tcp_tls_ca: "text",
    tcp_tls_cert: "text",
    tcp_tls_key: "text",
    max_recv_message_size: "integer",
    max_send_message_size: "integer",
  },
  ttrpc: socket,
  debug: { ...socket, level: "text", format: "text" },
  metrics: { address: "text", grpc_histogram: "boolean" },
  cgroup: { path: "text" },
  proxy_plugins: [{ type: "text", address: "text" }],
  timeouts: ["text"],
  stream_processors: [
    { accepts: "texts", returns: "text", path: "text", args: "texts", env: "texts" },
  ],
};

const auth: Kind = { username: "text", password: "text", auth: "text", identitytoken: "text" };

const IMAGES: Keys = {
  max_concurrent_downloads: "integer",
  image_decryption: { key_model: "text" },
  registry: {
    mirrors: [{ endpoint: "texts" }],
    configs: [{ auth }],
    auths: [auth],
    headers: ["texts"],
  },
};

const STREAMING: Keys = {
  disable_tcp_service: "boolean",
  stream_server_address: "text",
  stream_server_port: "text",
  stream_idle_timeout: "text",
  enable_tls_streaming: "boolean",
  x509_key_pair_streaming: { tls_cert_file: "text", tls_key_file: "text" },
};

const RUNTIME: Keys = {
  enable_selinux: "boolean",
  selinux_category_range: "integer",
  max_container_log_line_size: "integer",
  disable_apparmor: "boolean",
  restrict_oom_score_adj: "boolean",
  disable_proc_mount: "boolean",
  unset_seccomp_profile: "text",
  tolerate_missing_hugetlb_controller: "boolean",
  disable_hugetlb_controller: "boolean",
  device_ownership_from_security_context: "boolean",
  ignore_image_defined_volumes: "boolean",
  netns_mounts_under_state_dir: "boolean",
  enable_unprivileged_ports: "boolean",
  enable_unprivileged_icmp: "boolean",
  cni: {
    bin_dir: "text",
    conf_dir: "text",
    max_conf_num: "integer",
    conf_template: "text",
    ip_pref: "text",
  },
  containerd: {
    default_runtime_name: "text",
    ignore_rdt_not_enabled_errors: "boolean",
    runtimes: [
      {
        runtime_type: "text",
        pod_annotations: "texts",
        container_annotations: "texts",
        options: "table",
        privileged_without_host_devices: "boolean",
        base_runtime_spec: "text",
        cni_conf_dir: "text",
        cni_max_conf_num: "integer",
      },
    ],
  },
};

const UNPACKING: Keys = {
  snapshotter: "text",
  disable_snapshot_annotations: "boolean",
  discard_unpacked_layers: "boolean",
};

/** Up to version 2 of the file, CRI is one plugin. */
const UNDIVIDED: Keys = {
  ...IMAGES,
  ...STREAMING,
  ...RUNTIME,
  sandbox_image: "text",
  containerd: { ...(RUNTIME["containerd"] as Keys), ...UNPACKING },
};

const tls: Kind = {
  insecure_skip_verify: "boolean",
  ca_file: "text",
  cert_file: "text",
  key_file: "text",
};

/** Keys that only 1.x reads. */
const ONLY_1X: Keys = {
  ...UNDIVIDED,
  systemd_cgroup: "boolean",
  disable_cgroup: "boolean",
  registry: { ...(IMAGES["registry"] as Keys), configs: [{ auth, tls }] },
};

/** The tables of CRI that a daemon reads, with the types of their keys. */
export function criTables(
  document: TomlDocument,
  daemon: DaemonVersion,
): { path: string[]; table: TreeTable; kind: Keys }[] {
  const version = document.get(["version"]) ?? 0;
  const isFirst = typeof version === "number" && version < 2;
  const all: [string, Keys, boolean][] =
    daemon.major < 2
      ? [[criPlugin(isFirst ? 1 : 2), ONLY_1X, true]]
      : [
          [criPlugin(1), UNDIVIDED, isFirst && isAtLeast(daemon, 2, 3)],
          [criPlugin(2), UNDIVIDED, version === 2 || (version === 0 && isAtLeast(daemon, 2, 3))],
          [criPlugin(2), STREAMING, version === 3 || version === 4],
          [criPlugin(3), { ...IMAGES, ...UNPACKING, pinned_images: ["text"] }, version !== 1],
          ["io.containerd.cri.v1.runtime", RUNTIME, version !== 1],
        ];
  return all.flatMap(([plugin, kind, counts]) => {
    const path = ["plugins", plugin];
    const table = counts ? document.get(path) : undefined;
    return isTable(table) ? [{ path, table, kind }] : [];
  });
}

const kinds = {
  text: "a string",
  integer: "an integer",
  boolean: "true or false",
  texts: "a list of strings",
  table: "a table",
};

/** A value whose type is not that of its key. */
export interface WrongType {
  path: string[];
  expected: string;
  found: string;
}

/** The first value in a table whose type is wrong for this daemon. */
export function wrongTypeIn(
  document: TomlDocument,
  table: TreeTable,
  types: Kind & object,
  path: readonly string[],
  daemon: DaemonVersion,
): WrongType | undefined {
  for (const [key, value] of Object.entries(table)) {
    const name = Array.isArray(types) ? key : readAs(key, Object.keys(types), daemon);
    if (name === undefined) continue;
    const kind = Array.isArray(types) ? types[0] : types[name];
    const wrong = kind && wrongValue(document, value, kind, [...path, key], daemon);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function wrongValue(
  document: TomlDocument,
  value: Tree,
  kind: Kind,
  path: string[],
  daemon: DaemonVersion,
): WrongType | undefined {
  if (typeof kind === "object") {
    if (isTable(value)) return wrongTypeIn(document, value, kind, path, daemon);
    return { path, expected: "a table", found: nameOf(document, value, path) };
  }
  return isOf(document, value, kind, path)
    ? undefined
    : { path, expected: kinds[kind], found: nameOf(document, value, path) };
}

function isOf(
  document: TomlDocument,
  value: Tree,
  kind: keyof typeof kinds,
  path: readonly string[],
): boolean {
  switch (kind) {
    case "text":
      return typeof value === "string";
    case "integer":
      return (typeof value === "number" && !document.isFloat(path)) || typeof value === "bigint";
    case "boolean":
      return typeof value === "boolean";
    case "texts":
      return stringsOf(value) !== undefined;
    case "table":
      return isTable(value);
  }
}

/** The kind of a value, for messages. */
export function nameOf(
  document: TomlDocument,
  value: Tree | undefined,
  path: readonly string[],
): string {
  if (Array.isArray(value)) return "an array";
  if (isTable(value)) return "a table";
  if (typeof value === "string") return "a string";
  if (typeof value === "number" && document.isFloat(path)) return "a number with a fraction";
  if (typeof value === "object") return "a date";
  return typeof value === "boolean" ? "true or false" : "a number";
}
