import { type TomlDocument } from "../toml/document";
import { isTable, stringsOf } from "../toml/value";
import { isDuration } from "./duration";
import { type Fact, type Finding, on1x, on2x, onAll } from "./fact";
import { isMoved } from "./pull-mode";
import { criTables } from "./types";
import { type DaemonVersion, isAtLeast, shown } from "./version";

const CRI = 'plugins."io.containerd.grpc.v1.cri"';
const SNAPSHOTTER = "io.containerd.snapshotter.v1.";
const NATIVE = `version = 2
disabled_plugins = ["${SNAPSHOTTER}overlayfs"]
[${CRI}.containerd]
snapshotter = "native"
[${CRI}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
`;

const TRANSFER = ["plugins", "io.containerd.transfer.v1.local"];

type Of = (daemon: DaemonVersion) => boolean;
const on16: Of = (daemon) => !isAtLeast(daemon, 1, 7);
const on17: Of = (daemon) => isAtLeast(daemon, 1, 7) && daemon.major < 2;
const from17: Of = (daemon) => isAtLeast(daemon, 1, 7);

/** Plugins without which CRI does not load, by containerd's version. */
const NEEDED: readonly [Of, ...string[]][] = [
  [
    onAll,
    "io.containerd.content.v1.content",
    "io.containerd.metadata.v1.bolt",
    "io.containerd.differ.v1.walking",
    "io.containerd.event.v1.exchange",
    "io.containerd.gc.v1.scheduler",
    "io.containerd.grpc.v1.introspection",
    "io.containerd.runtime.v2.task",
    ...["containers", "content", "diff", "images", "introspection", "namespaces", "snapshots"].map(
      (name) => `io.containerd.service.v1.${name}-service`,
    ),
    "io.containerd.service.v1.tasks-service",
  ],
  [on16, "io.containerd.service.v1.leases-service"],
  [on1x, "io.containerd.runtime.v1.linux"],
  [on17, "io.containerd.runtime.v2.shim", "io.containerd.sandbox.controller.v1.local"],
  [
    from17,
    "io.containerd.lease.v1.manager",
    "io.containerd.sandbox.store.v1.local",
    "io.containerd.warning.v1.deprecations",
  ],
  [
    on2x,
    "io.containerd.podsandbox.controller.v1.podsandbox",
    "io.containerd.shim.v1.manager",
    "io.containerd.transfer.v1.local",
  ],
  [(daemon) => isAtLeast(daemon, 2, 2), "io.containerd.mount-manager.v1.bolt"],
];

const LOGGING: readonly [string, RegExp, string][] = [
  [
    "level",
    /^(?:|panic|fatal|error|warn|warning|info|debug|trace)$/i,
    "trace, debug, info, warn, error, fatal or panic",
  ],
  ["format", /^(?:|text|json)$/, "text or json"],
];

/** Facts about files that containerd reads, but with which it does not start or does not load its CRI plugin. */
export const STARTS: readonly Fact[] = [
  {
    does: "does not load CRI without the plugins that it needs",
    of: onAll,
    example: 'version = 2\ndisabled_plugins = ["io.containerd.snapshotter.v1.overlayfs"]\n',
    instead: 'version = 2\ndisabled_plugins = ["io.containerd.snapshotter.v1.zfs"]\n',
    find: (document, daemon) => {
      const needed = [
        ...NEEDED.flatMap(([of, ...names]) => (of(daemon) ? names : [])),
        ...snapshottersOf(document, daemon).map((name) => SNAPSHOTTER + name),
      ];
      const version = document.get(["version"]) ?? 0;
      const byLastPart = typeof version === "number" && version < 2;
      const off = stringsOf(document.get(["disabled_plugins"]))?.find((name) =>
        needed.some(
          (one) => one === name || (byLastPart && one.slice(one.lastIndexOf(".") + 1) === name),
        ),
      );
      if (off === undefined) return undefined;
      return {
        offset: document.offsetOf(["disabled_plugins"]) ?? 0,
        expected: "every plugin switched on that the CRI plugin needs",
        found: `disabled_plugins has "${off}", without which CRI of containerd ${daemon.text} does not load`,
        fix: `take "${off}" out of disabled_plugins, then restart containerd`,
      };
    },
  },
  {
    does: "does not load CRI without overlayfs, whichever snapshotter CRI takes, unless the transfer service unpacks with another",
    of: on2x,
    example: NATIVE,
    instead: `${NATIVE}[[plugins."io.containerd.transfer.v1.local".unpack_config]]\nplatform = "linux"\nsnapshotter = "native"\n`,
    find: () => undefined, // the row above finds it
  },
  {
    does: "does not start with a timeout that is no duration",
    of: onAll,
    example: 'version = 2\n[timeouts]\n"io.containerd.timeout.shim.load" = "5"\n',
    instead: 'version = 2\n[timeouts]\n"io.containerd.timeout.shim.load" = "5s"\n',
    find: (document, daemon) => {
      const wrong = Object.entries(document.getTable(["timeouts"]) ?? {}).find(
        ([, value]) => typeof value === "string" && !isDuration(value),
      );
      return wrong && noDuration(document, ["timeouts", wrong[0]], daemon, "does not start");
    },
  },
  {
    does: "does not load CRI with a timeout that is no duration",
    of: onAll,
    example: `version = 2\n[${CRI}]\nstream_idle_timeout = "5"\n`,
    instead: `version = 2\n[${CRI}]\nstream_idle_timeout = "5s"\n`,
    find: (document, daemon) => {
      const keys = ["stream_idle_timeout"];
      if (from17(daemon)) keys.push("image_pull_progress_timeout", "drain_exec_sync_io_timeout");
      for (const { path, table } of criTables(document, daemon)) {
        const wrong = keys.find((key) => {
          const value = table[key];
          return typeof value === "string" && value !== "" && !isDuration(value);
        });
        if (wrong !== undefined)
          return noDuration(document, [...path, wrong], daemon, "does not load CRI");
      }
      return undefined;
    },
  },
  {
    does: "does not start with a log level, or a log format, that it does not know",
    of: onAll,
    example: 'version = 2\n[debug]\nlevel = "verbose"\n',
    instead: 'version = 2\n[debug]\nlevel = "debug"\n',
    find: (document, daemon) => {
      for (const [key, known, names] of LOGGING) {
        const value = document.get(["debug", key]);
        if (typeof value !== "string" || known.test(value)) continue;
        return {
          offset: document.offsetOf(["debug", key]) ?? 0,
          expected: `debug.${key} to be ${names}`,
          found: `"${value}", with which containerd ${daemon.text} does not start`,
          fix: "write one of them, or take the key out",
        };
      }
      return undefined;
    },
  },
  {
    does: "does not load CRI with an entry of auths that is no URL",
    of: onAll,
    example: `version = 2\n[${CRI}.registry.auths."10.0.0.12:5000"]\nusername = "a"\n`,
    instead: `version = 2\n[${CRI}.registry.auths."http://10.0.0.12:5000"]\nusername = "a"\n`,
    find: (document, daemon) => {
      for (const { path } of criTables(document, daemon)) {
        const auths = [...path, "registry", "auths"];
        const wrong = Object.keys(document.getTable(auths) ?? {}).find((key) => !isUrl(key));
        if (wrong === undefined) continue;
        return {
          offset: document.offsetOf([...auths, wrong]) ?? 0,
          expected: `URLs in ${shown(document, auths)}, such as "https://HOST:PORT"`,
          found: `"${wrong}", with which containerd ${daemon.text} does not load CRI`,
          fix: `write the key with http:// or https:// in front, or take the entry out`,
        };
      }
      return undefined;
    },
  },
  {
    does: "does not load CRI with a default runtime that is not among the runtimes",
    of: onAll,
    example: `version = 2\n[${CRI}.containerd]\ndefault_runtime_name = "nvidia"\n`,
    instead: `version = 2\n[${CRI}.containerd]\ndefault_runtime_name = "runc"\n`,
    find: noDefaultRuntime,
  },
  {
    does: "does not load CRI with a setting that is for the first runtime of Linux alone",
    of: on1x,
    example: `version = 2\n[${CRI}]\nsystemd_cgroup = true\n`,
    instead: `version = 2\n[${CRI}]\nsystemd_cgroup = false\n`,
    find: onlyForRuntimeV1,
  },
];

/**
 * Whether Go's url.Parse accepts the text as it is. It takes the part before a colon for a scheme, unless that is
 * invalid.
 */
function isUrl(text: string): boolean {
  const [first = ""] = text.split("/");
  if (/^[a-z][a-z0-9+.-]*:/i.test(text))
    return !/^[^:]+:\/\/[^/]*:[^/\]]*[^/\]\d][^/]*$/.test(text);
  return !first.includes(":") && !/[\u0000-\u001f\u007f]/.test(text);
}

function noDuration(
  document: TomlDocument,
  path: readonly string[],
  daemon: DaemonVersion,
  does: string,
): Finding {
  return {
    offset: document.offsetOf(path) ?? 0,
    expected: `${shown(document, path)} to be a duration, such as "5s"`,
    found: `${JSON.stringify(document.get(path))}, with which containerd ${daemon.text} ${does}`,
    fix: "write a number with its unit, or take the key out",
  };
}

/** The snapshotter of CRI, and those of the transfer service of 2.x. */
function snapshottersOf(document: TomlDocument, daemon: DaemonVersion): string[] {
  const names = criTables(document, daemon).flatMap(({ table }) => {
    const { containerd } = table;
    const counts = isTable(containerd) && (daemon.major < 2 || isMoved(containerd));
    return [counts ? containerd["snapshotter"] : undefined, table["snapshotter"]];
  });
  const own = names.find((name): name is string => typeof name === "string" && name !== "");
  const unpacking = document.get([...TRANSFER, "unpack_config"]);
  const unpacks = daemon.major >= 2 && !Array.isArray(unpacking);
  return [own ?? "overlayfs", ...(unpacks ? ["overlayfs"] : [])];
}

/** The runtimes that exist without a table. 2.x adds the file's runtimes to them; 1.x replaces them by the file's. */
const BUILT_IN = ["runc"];

function noDefaultRuntime(document: TomlDocument, daemon: DaemonVersion): Finding | undefined {
  // An imported file may define the runtime.
  if ((stringsOf(document.get(["imports"])) ?? []).length > 0) return undefined;
  for (const { path } of criTables(document, daemon)) {
    const containerd = [...path, "containerd"];
    const table = document.get(containerd);
    if (!isTable(table) || isTable(table["default_runtime"])) continue;
    const name = table["default_runtime_name"] ?? "runc";
    const own = Object.keys(document.getTable([...containerd, "runtimes"]) ?? {});
    const all = daemon.major < 2 && own.length > 0 ? own : [...new Set([...own, ...BUILT_IN])];
    if (typeof name !== "string" || all.includes(name) || name.includes("${")) continue;
    const key = [...containerd, "default_runtime_name"];
    const runtimes = [...containerd, "runtimes"];
    return {
      offset: document.offsetOf(key) ?? document.offsetOf(runtimes) ?? 0,
      expected: `the default runtime ${JSON.stringify(name)} among the runtimes, else containerd ${daemon.text} does not load CRI`,
      found: all.map((one) => JSON.stringify(one)).join(", "),
      fix: `add [${shown(document, [...runtimes, name])}] with its runtime_type, or set default_runtime_name to one of those`,
    };
  }
  return undefined;
}

const RUNTIME_V1 = "io.containerd.runtime.v1.linux";

function onlyForRuntimeV1(document: TomlDocument, daemon: DaemonVersion): Finding | undefined {
  for (const { path } of criTables(document, daemon)) {
    const containerd = [...path, "containerd"];
    const runtimes = document.getTable([...containerd, "runtimes"]) ?? {};
    const typeOf = (at: readonly string[]): unknown => document.get([...at, "runtime_type"]);
    const isOld = [
      [...containerd, "default_runtime"],
      ...Object.keys(runtimes).map((name) => [...containerd, "runtimes", name]),
    ].some((at) => typeOf(at) === RUNTIME_V1);
    const keys = [
      ...(isOld
        ? []
        : [
            [...path, "systemd_cgroup"],
            [...containerd, "no_pivot"],
          ]),
      ...Object.keys(runtimes)
        .map((name) => [...containerd, "runtimes", name])
        .filter((at) => typeOf(at) !== RUNTIME_V1)
        .flatMap((at) => ["runtime_engine", "runtime_root"].map((key) => [...at, key])),
    ];
    const key = keys.find((one) => ![undefined, false, ""].includes(document.get(one) as string));
    if (key === undefined) continue;
    return {
      offset: document.offsetOf(key) ?? 0,
      expected: `no ${shown(document, key)}, which is for ${RUNTIME_V1} alone`,
      found: `one, with which containerd ${daemon.text} does not load CRI`,
      fix: `take the key out; what is still wanted of it goes to the options of the runtime, such as SystemdCgroup = true`,
    };
  }
  return undefined;
}
