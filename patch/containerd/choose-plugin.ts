import { type Refusal } from "../problem";
import { type TomlDocument } from "../toml/document";
import { isTable, stringsOf, type TreeTable } from "../toml/value";
import { criPlugin, type DaemonVersion, isAtLeast, shown } from "./version";

/** The plugin whose registry table this daemon reads in this file. */
export interface Choice {
  plugin: string;
  /** The `version = N` to add first, if the file has no such line. */
  addVersion: number | undefined;
}

/** @throws Refusal for a file without a version line if this daemon does not read its tables */
export function choosePlugin(
  document: TomlDocument,
  daemon: DaemonVersion,
  version: number | undefined,
  plugins: TreeTable,
): Choice {
  if (version !== undefined && version >= 2) {
    // containerd 2 reads a version 3 table in a version 2 file, unless the version 2 table has its own `registry`,
    // which then replaces the other one completely.
    const newer = criPlugin(3);
    const onlyNewer =
      version === 2 &&
      daemon.major >= 2 &&
      registryOf(plugins, newer) !== undefined &&
      registryOf(plugins, criPlugin(2)) === undefined;
    return { plugin: onlyNewer ? newer : criPlugin(version), addVersion: undefined };
  }
  const names = namesIn(document, plugins);
  if (daemon.major < 2) return on1x(document, daemon, names, version);
  return isAtLeast(daemon, 2, 3)
    ? on23(document, daemon, names, version)
    : on20(document, daemon, names, version);
}

/** The plugins in a file's tables and lists. */
interface Names {
  tables: string[];
  /** Whether any of these names, also in lists, has the short form of version 1. */
  short: boolean;
}

function namesIn(document: TomlDocument, plugins: TreeTable): Names {
  const tables = Object.keys(plugins);
  const switches = ["disabled_plugins", "required_plugins"].flatMap(
    (key) => stringsOf(document.get([key])) ?? [],
  );
  return { tables, short: [...tables, ...switches].some((name) => !name.includes(".")) };
}

/** Without a version line, 1.x reads version 1: short plugin names, and long names have no effect. */
function on1x(
  document: TomlDocument,
  daemon: DaemonVersion,
  { tables, short }: Names,
  version: number | undefined,
): Choice {
  // A file with short names is of version 1. containerd would not start if it had version 2.
  if (short) return { plugin: criPlugin(1), addVersion: undefined };
  const long = tables.find((name) => !name.startsWith("io.containerd.cri."));
  if (long !== undefined) throw missingVersion(document, daemon, ["plugins", long]);
  if (version === undefined) return { plugin: criPlugin(2), addVersion: 2 };
  return { plugin: criPlugin(1), addVersion: undefined };
}

/** Without a version line, 2.0 to 2.2 read neither version 1 nor version 2 tables. */
function on20(
  document: TomlDocument,
  daemon: DaemonVersion,
  { tables, short }: Names,
  version: number | undefined,
): Choice {
  const old = tables.find((name) => !name.includes(".") || name === criPlugin(2));
  if (version !== undefined || short || old !== undefined) {
    throw missingVersion(document, daemon, old === undefined ? ["version"] : ["plugins", old]);
  }
  return { plugin: criPlugin(3), addVersion: 3 };
}

/** From 2.3 on, every older table moves to the place of the newest version, also without a version line. */
function on23(
  document: TomlDocument,
  daemon: DaemonVersion,
  { tables, short }: Names,
  version: number | undefined,
): Choice {
  const [first, second, newest] = [criPlugin(1), criPlugin(2), criPlugin(3)];
  if (tables.includes(first) && tables.includes(second)) {
    throw document.source.refuse(document.offsetOf(["plugins", first]) ?? 0, {
      expected: `one of [${shown(document, ["plugins", first])}] and [${shown(document, ["plugins", second])}]`,
      found: `both: containerd ${daemon.text} takes one of them, not always the same one`,
      fix: `take [${shown(document, ["plugins", first])}] out`,
    });
  }
  if (tables.includes(second)) return { plugin: second, addVersion: undefined };
  if (tables.includes(newest) && !tables.includes(first)) {
    return { plugin: newest, addVersion: undefined };
  }
  if (short || version !== undefined) return { plugin: first, addVersion: undefined };
  return { plugin: newest, addVersion: 3 };
}

function missingVersion(
  document: TomlDocument,
  daemon: DaemonVersion,
  path: readonly string[],
): Refusal {
  const version = document.get(["version"]);
  const found = version === undefined ? "no version line" : `version = ${Number(version)}`;
  const table = path[0] === "plugins" ? `, and [${shown(document, path)}]` : "";
  const put = version === undefined ? "put `version = 2` on top" : "write `version = 2`";
  return document.source.refuse(document.offsetOf(path) ?? 0, {
    expected: "a file that says for which version its tables are",
    found: `${found}${table}: containerd ${daemon.text} does not read such tables`,
    fix: daemon.major < 2 ? `${put} if the tables are meant for it` : put + longNames(document),
  });
}

/** The rest of a fix: how to change the names of a version 1 file for version 2. */
function longNames(document: TomlDocument): string {
  const tables = Object.keys(document.getTable(["plugins"]) ?? {});
  const [first, second] = [criPlugin(1), criPlugin(2)];
  const whole = `plugins."${second}"`;
  if (!tables.includes(first)) return ", and write every plugin by its whole name";
  return tables.includes(second)
    ? `, and take [${shown(document, ["plugins", first])}] out, since [${whole}] is there too`
    : `, and write plugins.${first} as ${whole} in every header, and every other plugin by its whole name`;
}

/** The registry table of a plugin, if it has one. */
export function registryOf(plugins: TreeTable, plugin: string): TreeTable | undefined {
  const table = plugins[plugin];
  const registry = isTable(table) ? table["registry"] : undefined;
  return isTable(registry) ? registry : undefined;
}
