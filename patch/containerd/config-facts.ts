import { type TomlDocument } from "../toml/document";
import { isTable, stringsOf } from "../toml/value";
import { type Fact, type Finding, on1x, on2x, onAll } from "./fact";
import { inOtherLetters } from "./letters";
import { criTables, ROOT as TYPES, type WrongType, wrongTypeIn } from "./types";
import { criPlugin, type DaemonVersion, isAtLeast, shown } from "./version";

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

/** Other facts about config.toml: containerd does not start with it, or does not read it as its manual says. */
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
    does: "does not start with a value of another type than the keys of its CRI plugin have",
    of: onAll,
    example: `version = 2\n[${REGISTRY}.mirrors."a:1"]\nendpoint = "http://a:1"\n`,
    instead: `version = 2\n[${REGISTRY}.mirrors."a:1"]\nendpoint = ["http://a:1"]\n`,
    find: (document, daemon) => {
      for (const { path, table, kind } of criTables(document, daemon)) {
        const wrong = wrongTypeIn(document, table, kind, path, daemon);
        if (wrong !== undefined) return wrongFinding(document, wrong, daemon);
      }
      return undefined;
    },
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
            : `take the table out, or write ${wholeTable(short)}${runcToo(document, short)}`,
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

/** Keys in other letter case that affect this program's settings. */
function criLetters(document: TomlDocument, daemon: DaemonVersion): OtherLetters[] {
  return [1, 2, 3]
    .map((version) => ["plugins", criPlugin(version)])
    .flatMap((plugin) => {
      const registry = [...plugin, "registry"];
      const below = (table: string, key: string): OtherLetters[] =>
        Object.keys(document.getTable([...registry, table]) ?? {}).flatMap((host) =>
          inOtherLetters(document, [...registry, table, host], [key], daemon),
        );
      // 2.x moves the tables of older versions to those of the newest one, by their exact names.
      const moved = daemon.major >= 2 && plugin[1] !== criPlugin(3);
      return [
        ...(moved ? [] : inOtherLetters(document, plugin, ["registry"], daemon)),
        ...inOtherLetters(document, registry, ["config_path", "mirrors", "configs"], daemon),
        ...below("mirrors", "endpoint"),
        ...below("configs", "tls"),
      ];
    });
}

/** From version 2 on, plugins have full names. All lower versions count as version 1. */
function isVersion2(document: TomlDocument): boolean {
  const version = document.get(["version"]);
  return typeof version === "number" && version >= 2;
}

/** Whether this is a full plugin name for this daemon. */
function isWhole(name: string, daemon: DaemonVersion, inList: boolean): boolean {
  if (daemon.major >= 2) return !inList || name.includes(".");
  const parts = name.split(".").length >= 4;
  return parts && (name.startsWith("io.containerd.") || !isAtLeast(daemon, 1, 7));
}

/** Plugins by their short names of version 1, if people commonly configure or disable them. */
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

/** 1.x uses only the runtimes in the file, and CRI does not load without the default one. */
function runcToo(document: TomlDocument, short: string): string {
  if (short !== criPlugin(1)) return "";
  const runtimes = [short, criPlugin(2)].flatMap((plugin) =>
    Object.keys(document.getTable(["plugins", plugin, "containerd", "runtimes"]) ?? {}),
  );
  return runtimes.length === 0 || runtimes.includes("runc")
    ? ""
    : ", with a table for the runtime runc beside the others";
}

function wholeTable(short: string): string {
  const whole = WHOLE_NAMES[short];
  return whole === undefined ? wholeName(short) : `plugins."${whole}"`;
}

function wholeName(short: string): string {
  const whole = WHOLE_NAMES[short];
  return whole === undefined ? "its whole name, such as io.containerd.TYPE.v1.NAME" : `"${whole}"`;
}

function wrongTypes(keys: readonly string[]) {
  return (document: TomlDocument, daemon: DaemonVersion): Finding | undefined => {
    if (!isTable(document.tree)) return undefined;
    const chosen = Object.fromEntries(keys.map((key) => [key, TYPES[key] ?? "table"]));
    const wrong = wrongTypeIn(document, document.tree, chosen, [], daemon);
    return wrong && wrongFinding(document, wrong, daemon);
  };
}

function wrongFinding(document: TomlDocument, wrong: WrongType, daemon: DaemonVersion): Finding {
  return {
    offset: document.offsetOf(wrong.path) ?? 0,
    expected: `${shown(document, wrong.path)} to be ${wrong.expected}`,
    found: `${wrong.found}, with which containerd ${daemon.text} does not start`,
    fix: `write ${wrong.expected}, or take the key out`,
  };
}
