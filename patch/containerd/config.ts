import { type Problem, Refusal } from "../problem";
import { type TomlDocument } from "../toml/document";
import { CONFIG, nameOf } from "./config-facts";
import { refuseFacts } from "./fact";
import { isTable, stringsOf, type Tree, type TreeTable } from "../toml/value";
import {
  criPlugin,
  criPlugins,
  type DaemonVersion,
  highestConfigVersion,
  isAtLeast,
  registryPath,
  shown,
  switchedOff,
} from "./version";

/** What a config.toml says about registries, and in which table this daemon reads it. */
export interface CriConfig {
  document: TomlDocument;
  daemon: DaemonVersion;
  /** Path of the `registry` table that this daemon reads for this file. */
  registry: readonly string[];
  /** `version = N` that has to be added first, since the file has no line for it. */
  addVersion: number | undefined;
  /** `mirrors` in that table, by host; empty where there are none. */
  mirrors: TreeTable;
  /** `configs` in that table. */
  configs: TreeTable;
  /** `config_path` in that table; "" where it is not set. */
  configPath: string;
}

/**
 * Finds the registry settings.
 *
 * @throws Refusal for a file that this daemon does not start with, or that it would read otherwise than
 * the file's author believes: CRI switched off, a version too high, settings in a table that is not read
 */
export function readCriConfig(document: TomlDocument, daemon: DaemonVersion): CriConfig {
  const version = fileVersion(document, daemon);
  // First of all: docker.com's file has this one line and no version, which would hide the reason.
  refuseSwitchedOff(document, daemon);
  refuseFacts(CONFIG, document, daemon);
  const { plugin, addVersion } = choosePlugin(document, daemon, version);
  const registry = registryPath(plugin);
  const problems = unreadTables(document, daemon, plugin, version);
  if (problems.length > 0) throw new Refusal(problems);

  const table = tableAt(document, registry);
  const mirrors = tableAt(document, [...registry, "mirrors"]);
  const configs = tableAt(document, [...registry, "configs"]);
  const configPath = table["config_path"] ?? "";
  if (typeof configPath !== "string") {
    throw wrongType(document, [...registry, "config_path"], "a string");
  }
  return { document, daemon, registry, addVersion, mirrors, configs, configPath };
}

function fileVersion(document: TomlDocument, daemon: DaemonVersion): number | undefined {
  const version = document.get(["version"]);
  if (version === undefined) return undefined;
  if (typeof version !== "number" || document.isFloat(["version"]) || version < 0) {
    throw wrongType(document, ["version"], "an integer from 1 to 4");
  }
  const highest = highestConfigVersion(daemon);
  if (version > highest) {
    throw document.source.refuse(document.offsetOf(["version"]) ?? 0, {
      expected: `version = ${highest} or lower, the highest that containerd ${daemon.text} reads`,
      found: `version = ${version}`,
      fix: `write the file for version = ${highest}; containerd ${daemon.text} does not start with it`,
    });
  }
  return version;
}

/** CRI can be switched off in the file itself; docker.com's package of containerd does so. */
function refuseSwitchedOff(document: TomlDocument, daemon: DaemonVersion): void {
  const off = switchedOff(stringsOf(document.get(["disabled_plugins"])) ?? [], daemon);
  if (off.length === 0) return;
  throw document.source.refuse(document.offsetOf(["disabled_plugins"]) ?? 0, {
    expected: "the CRI plugin switched on, since Kubernetes pulls through it",
    found: `disabled_plugins has ${off.map((name) => `"${name}"`).join(", ")}`,
    fix: "take it out of disabled_plugins, then restart containerd",
  });
}

interface Choice {
  plugin: string;
  addVersion: number | undefined;
}

function choosePlugin(
  document: TomlDocument,
  daemon: DaemonVersion,
  version: number | undefined,
): Choice {
  const plugins = tableAt(document, ["plugins"]);
  if (version !== undefined && version >= 2) {
    // containerd 2 takes a version 3 table from a version 2 file, unless the version 2 table has a
    // `registry` of its own, which then replaces the other one whole.
    const newer = criPlugin(3);
    const onlyNewer =
      version === 2 &&
      daemon.major >= 2 &&
      registryOf(plugins, newer) !== undefined &&
      registryOf(plugins, criPlugin(2)) === undefined;
    return { plugin: onlyNewer ? newer : criPlugin(version), addVersion: undefined };
  }
  const names = Object.keys(plugins);
  const switches = ["disabled_plugins", "required_plugins"].flatMap(
    (key) => stringsOf(document.get([key])) ?? [],
  );
  const short = [...names, ...switches].some((name) => !name.includes("."));
  if (daemon.major < 2) {
    // Without a version, 1.x reads version 1: short plugin names, the long ones have no effect.
    const long = names.find((name) => name.includes("."));
    if (long !== undefined) throw missingVersion(document, daemon, long, 2);
    if (version === undefined && !short && names.length === 0) {
      return { plugin: criPlugin(2), addVersion: 2 };
    }
    return { plugin: criPlugin(1), addVersion: undefined };
  }
  const old = names.find((name) => !name.includes(".") || name === criPlugin(2));
  if (version !== undefined || short || old !== undefined) {
    throw missingVersion(document, daemon, old ?? names[0], 3);
  }
  return { plugin: criPlugin(3), addVersion: 3 };
}

function missingVersion(
  document: TomlDocument,
  daemon: DaemonVersion,
  plugin: string | undefined,
  wanted: number,
): Refusal {
  const version = document.get(["version"]);
  const path = plugin === undefined ? ["version"] : ["plugins", plugin];
  const found = version === undefined ? "no version line" : `version = ${Number(version)}`;
  const table = plugin === undefined ? "" : `, and [${shown(document, path)}]`;
  return document.source.refuse(document.offsetOf(path) ?? 0, {
    expected: `a file that says for which version its tables are`,
    found: `${found}${table}: containerd ${daemon.text} does not read such tables`,
    fix:
      daemon.major < 2
        ? `put \`version = ${wanted}\` on top if the tables are meant for it`
        : "put the version it was written for on top, or write the file anew with `containerd config migrate`",
  });
}

/** Registry settings in the table of another version: nobody can want both, and one has no effect. */
function unreadTables(
  document: TomlDocument,
  daemon: DaemonVersion,
  plugin: string,
  version: number | undefined,
): Problem[] {
  const plugins = tableAt(document, ["plugins"]);
  const read = registryPath(plugin);
  const problems: Problem[] = [];
  for (const name of criPlugins) {
    const path = registryPath(name);
    const registry = registryOf(plugins, name);
    if (name === plugin || registry === undefined || !hasSettings(registry)) continue;
    const merges = isAtLeast(daemon, 2, 3) ? " (from 2.3 on it replaces the other)" : "";
    problems.push(
      document.source.problem(document.offsetOf(path) ?? 0, {
        expected:
          `registry settings in [${shown(document, read)}], where containerd ${daemon.text} ` +
          `reads them for version ${version ?? "1 (no version line)"}`,
        found: `settings in [${shown(document, path)}]${merges}`,
        fix: `move them to [${shown(document, read)}], or take them out`,
      }),
    );
  }
  return problems;
}

function registryOf(plugins: TreeTable, plugin: string): TreeTable | undefined {
  const table = plugins[plugin];
  const registry = isTable(table) ? table["registry"] : undefined;
  return isTable(registry) ? registry : undefined;
}

function hasSettings(registry: TreeTable): boolean {
  return Object.values(registry).some((value) =>
    isTable(value) ? Object.keys(value).length > 0 : value !== "",
  );
}

/** The table at a path, an empty one where there is none. */
function tableAt(document: TomlDocument, path: readonly string[]): TreeTable {
  for (let length = 1; length <= path.length; length++) {
    const value: Tree | undefined = document.get(path.slice(0, length));
    if (value === undefined) return {};
    if (!isTable(value)) throw wrongType(document, path.slice(0, length), "a table");
  }
  return document.getTable(path) ?? {};
}

export function wrongType(
  document: TomlDocument,
  path: readonly string[],
  expected: string,
): Refusal {
  return document.source.refuse(document.offsetOf(path) ?? 0, {
    expected: `${shown(document, path)} to be ${expected}`,
    found: nameOf(document, document.get(path), path),
    fix: `write ${expected}, or take the key out`,
  });
}
