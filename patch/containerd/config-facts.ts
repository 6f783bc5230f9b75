import { type TomlDocument } from "../toml/document";
import { isTable, stringsOf, type Tree, type TreeTable } from "../toml/value";
import { type Fact, type Finding, on1x, on2x, onAll } from "./fact";
import { inOtherLetters, readAs } from "./letters";
import { criPlugin, type DaemonVersion, isAtLeast, shown } from "./version";

type Kind = "text" | "integer" | "boolean" | "texts" | "table" | { [key: string]: Kind } | [Kind];

const socket: Kind = { address: "text", uid: "integer", gid: "integer" };

/** The types of config.toml's own keys, in every version of containerd; `[kind]` is a table of any keys. */
const TYPES: { [key: string]: Kind } = {
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

const kinds = {
  text: "a string",
  integer: "an integer",
  boolean: "true or false",
  texts: "a list of strings",
  table: "a table",
};

const list = (key: string): Pick<Fact, "does" | "example" | "instead" | "of" | "find"> => ({
  does: `does not start with a string as ${key}`,
  of: onAll,
  example: `version = 2\n${key} = "io.containerd.internal.v1.restart"\n`,
  instead: `version = 2\n${key} = ["io.containerd.internal.v1.restart"]\n`,
  find: wrongTypes([key]),
});

const ROOT = ["version", "imports", "disabled_plugins", "required_plugins", "plugins"];
const REGISTRY = 'plugins."io.containerd.grpc.v1.cri".registry';
const REFUSED = "whoever reads the file takes it for a key without effect";

/** What else containerd does not start with, or reads otherwise than its manual says, in config.toml. */
export const CONFIG: readonly Fact[] = [
  list("disabled_plugins"),
  {
    ...list("imports"),
    example: 'version = 2\nimports = "/etc/containerd/none/*.toml"\n',
    instead: 'version = 2\nimports = ["/etc/containerd/none/*.toml"]\n',
  },
  {
    does: "does not start with a value of another type than its own keys have",
    of: onAll,
    example: 'version = 2\noom_score = "0"\n',
    instead: "version = 2\noom_score = 0\n",
    find: wrongTypes(
      Object.keys(TYPES).filter((key) => !["disabled_plugins", "imports", "version"].includes(key)),
    ),
  },
  {
    does: "does not start with a short plugin name in disabled_plugins of a version 2 file",
    of: onAll,
    example: 'version = 2\ndisabled_plugins = ["restart"]\n',
    instead: 'version = 2\ndisabled_plugins = ["io.containerd.internal.v1.restart"]\n',
    find: (document, daemon) => {
      if (!isVersion2(document)) return undefined;
      for (const key of ["disabled_plugins", "required_plugins"]) {
        const short = stringsOf(document.get([key]))?.find((name) => !isWhole(name, daemon, true));
        if (short === undefined) continue;
        return {
          offset: document.offsetOf([key]) ?? 0,
          expected: `whole plugin names in ${key} of a version 2 file`,
          found: `"${short}", with which containerd ${daemon.text} does not start`,
          fix: `write ${wholeName(short)}, or take it out`,
        };
      }
      return undefined;
    },
  },
  {
    does: "does not start with a table of a short plugin name in a version 2 file",
    of: on1x,
    example: 'version = 2\n[plugins.cri.containerd]\nsnapshotter = "native"\n',
    instead:
      'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd]\nsnapshotter = "native"\n',
    find: (document, daemon) => {
      if (!isVersion2(document)) return undefined;
      const names = Object.keys(document.getTable(["plugins"]) ?? {});
      const short = names.find((name) => !isWhole(name, daemon, false));
      if (short === undefined) return undefined;
      const path = ["plugins", short];
      return {
        offset: document.offsetOf(path) ?? 0,
        expected: "whole plugin names in [plugins] of a version 2 file",
        found: `${shown(document, path)}, with which containerd ${daemon.text} does not start`,
        fix:
          short === "io"
            ? 'put the plugin\'s name in quotes: plugins."io.containerd.grpc.v1.cri"'
            : `write plugins.${wholeName(short)}, or take the table out`,
      };
    },
  },
  {
    does: "reads its own keys all in capitals, too",
    of: onAll,
    example:
      'VERSION = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\nconfig_path = "/srv/certs.d"\n',
    instead:
      'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\nconfig_path = "/srv/certs.d"\n',
    refusedAnyway: REFUSED,
    find: otherLetters(rootLetters, true),
  },
  {
    does: "reads its own keys in any letters",
    of: on2x,
    example: 'version = 2\nDisabled_Plugins = ["io.containerd.internal.v1.restart"]\n',
    instead: 'version = 2\ndisabled_plugins = ["io.containerd.internal.v1.restart"]\n',
    refusedAnyway: REFUSED,
    find: otherLetters(rootLetters, false),
  },
  {
    does: "reads the keys of its plugins all in capitals, too",
    of: onAll,
    example: `version = 2\n[${REGISTRY}.MIRRORS."a:1"]\nendpoint = ["http://a:1"]\n`,
    instead: `version = 2\n[${REGISTRY}.mirrors."a:1"]\nendpoint = ["http://a:1"]\n`,
    refusedAnyway: REFUSED,
    find: otherLetters(criLetters, true),
  },
  {
    does: "reads the keys of its plugins in any letters",
    of: on2x,
    example: `version = 2\n[${REGISTRY}]\nConfig_path = "/srv/certs.d"\n`,
    instead: `version = 2\n[${REGISTRY}]\nconfig_path = "/srv/certs.d"\n`,
    refusedAnyway: REFUSED,
    find: otherLetters(criLetters, false),
  },
];

interface OtherLetters {
  path: string[];
  name: string;
}

function otherLetters(
  inOthers: (document: TomlDocument, daemon: DaemonVersion) => OtherLetters[],
  capitals: boolean,
) {
  return (document: TomlDocument, daemon: DaemonVersion): Finding | undefined => {
    const found = inOthers(document, daemon).find(
      ({ path, name }) => (path.at(-1) === name.toUpperCase()) === capitals,
    );
    if (found === undefined) return undefined;
    return {
      offset: document.offsetOf(found.path) ?? 0,
      expected: `\`${found.name}\` in small letters`,
      found: `\`${found.path.at(-1) ?? ""}\`, which containerd ${daemon.text} reads as the same`,
      fix: "write it in small letters, and only once",
    };
  };
}

function rootLetters(document: TomlDocument, daemon: DaemonVersion): OtherLetters[] {
  return inOtherLetters(document, [], ROOT, daemon);
}

/** Those of the keys that decide what we do. */
function criLetters(document: TomlDocument, daemon: DaemonVersion): OtherLetters[] {
  return [1, 2, 3]
    .map((version) => ["plugins", criPlugin(version)])
    .flatMap((plugin) => {
      const registry = [...plugin, "registry"];
      const below = (table: string, key: string): OtherLetters[] =>
        Object.keys(document.getTable([...registry, table]) ?? {}).flatMap((host) =>
          inOtherLetters(document, [...registry, table, host], [key], daemon),
        );
      // 2.x moves the tables of older versions to the newest one's by their exact names.
      const moved = daemon.major >= 2 && plugin[1] !== criPlugin(3);
      return [
        ...(moved ? [] : inOtherLetters(document, plugin, ["registry"], daemon)),
        ...inOtherLetters(document, registry, ["config_path", "mirrors", "configs"], daemon),
        ...below("mirrors", "endpoint"),
        ...below("configs", "tls"),
      ];
    });
}

/** From version 2 on, plugins have whole names; versions below are all taken for version 1. */
function isVersion2(document: TomlDocument): boolean {
  const version = document.get(["version"]);
  return typeof version === "number" && version >= 2;
}

/** Is it a whole plugin name to this daemon? */
function isWhole(name: string, daemon: DaemonVersion, inList: boolean): boolean {
  if (daemon.major >= 2) return !inList || name.includes(".");
  const parts = name.split(".").length >= 4;
  return parts && (name.startsWith("io.containerd.") || !isAtLeast(daemon, 1, 7));
}

/** Plugins by their names of version 1, as far as people set or switch them. */
const WHOLE_NAMES: Record<string, string> = {
  cri: "io.containerd.grpc.v1.cri",
  cgroups: "io.containerd.monitor.v1.cgroups",
  linux: "io.containerd.runtime.v1.linux",
  scheduler: "io.containerd.gc.v1.scheduler",
  bolt: "io.containerd.metadata.v1.bolt",
  task: "io.containerd.runtime.v2.task",
  opt: "io.containerd.internal.v1.opt",
  restart: "io.containerd.internal.v1.restart",
  aufs: "io.containerd.snapshotter.v1.aufs",
  btrfs: "io.containerd.snapshotter.v1.btrfs",
  devmapper: "io.containerd.snapshotter.v1.devmapper",
  native: "io.containerd.snapshotter.v1.native",
  overlayfs: "io.containerd.snapshotter.v1.overlayfs",
  zfs: "io.containerd.snapshotter.v1.zfs",
};

function wholeName(short: string): string {
  const whole = WHOLE_NAMES[short];
  return whole === undefined ? "its whole name, such as io.containerd.TYPE.v1.NAME" : `"${whole}"`;
}

function wrongTypes(keys: readonly string[]) {
  return (document: TomlDocument, daemon: DaemonVersion): Finding | undefined => {
    if (!isTable(document.tree)) return undefined;
    const chosen = Object.fromEntries(keys.map((key) => [key, TYPES[key] ?? "table"]));
    const wrong = wrongIn(document, document.tree, chosen, [], daemon);
    if (wrong === undefined) return undefined;
    return {
      offset: document.offsetOf(wrong.path) ?? 0,
      expected: `${shown(document, wrong.path)} to be ${wrong.expected}`,
      found: `${wrong.found}, with which containerd ${daemon.text} does not start`,
      fix: `write ${wrong.expected}, or take the key out`,
    };
  };
}

interface Wrong {
  path: string[];
  expected: string;
  found: string;
}

function wrongIn(
  document: TomlDocument,
  table: TreeTable,
  types: Kind & object,
  path: readonly string[],
  daemon: DaemonVersion,
): Wrong | undefined {
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
): Wrong | undefined {
  if (typeof kind === "object") {
    if (isTable(value)) return wrongIn(document, value, kind, path, daemon);
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
