import { type Problem, Refusal } from "../problem";
import { type TomlDocument } from "../toml/document";
import { CONFIG } from "./config-facts";
import { STARTS } from "./start-facts";
import { nameOf } from "./types";
import { choosePlugin, registryOf } from "./choose-plugin";
import { problemsOf, refuseFacts } from "./fact";
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

/** The registry settings of a config.toml, and the table in which this daemon reads them. */
export interface CriConfig {
  document: TomlDocument;
  daemon: DaemonVersion;
  /** Path of the `registry` table that this daemon reads in this file. */
  registry: readonly string[];
  /** The `version = N` to add first, if the file has no such line. */
  addVersion: number | undefined;
  /** `mirrors` in that table, by host; empty if there are none. */
  mirrors: TreeTable;
  /** `configs` in that table. */
  configs: TreeTable;
  /** `config_path` in that table; "" if it is not set. */
  configPath: string;
}

/**
 * Finds the registry settings.
 *
 * @throws Refusal for a file with which this daemon does not start, or that it does not read as the author intends: CRI
 * is disabled, the version is too high, or settings are in a table that is not read
 *
 * @param removing  true if the plan only removes entries: then a file with which this daemon does not start is
 * accepted. @default false
 */
export function readCriConfig(
  document: TomlDocument,
  daemon: DaemonVersion,
  removing = false,
): CriConfig {
  const version = fileVersion(document, daemon);
  if (!removing) {
    // This check is first: the file of docker.com's package has only this line and no version, and a later check would
    // hide the reason.
    refuseSwitchedOff(document, daemon);
    refuseFacts([...CONFIG, ...STARTS], document, daemon);
  }
  const plugins = tableAt(document, ["plugins"]);
  const { plugin, addVersion } = choosePlugin(document, daemon, version, plugins);
  const registry = registryPath(plugin);
  const problems = removing ? [] : unreadTables(document, daemon, plugin, version);
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

/** The faults of a file with which containerd does not start or does not load CRI. */
export function faultsOf({ document, daemon }: CriConfig): Problem[] {
  const facts = problemsOf([...CONFIG, ...STARTS], document, daemon);
  const off = offProblem(document, daemon);
  return off === undefined ? facts : [off, ...facts];
}

/** The file itself can disable CRI, as in docker.com's package of containerd. */
function refuseSwitchedOff(document: TomlDocument, daemon: DaemonVersion): void {
  const problem = offProblem(document, daemon);
  if (problem !== undefined) throw new Refusal([problem]);
}

function offProblem(document: TomlDocument, daemon: DaemonVersion): Problem | undefined {
  const off = switchedOff(stringsOf(document.get(["disabled_plugins"])) ?? [], daemon);
  if (off.length === 0) return undefined;
  return document.source.problem(document.offsetOf(["disabled_plugins"]) ?? 0, {
    expected: "the CRI plugin switched on, since Kubernetes pulls through it",
    found: `disabled_plugins has ${off.map((name) => `"${name}"`).join(", ")}`,
    fix: "take it out of disabled_plugins, then restart containerd",
  });
}

/** Finds registry settings in the table of another version, where they have no effect. */
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
    // In a version 1 file, containerd 1.x ignores plugins with long names.
    if (daemon.major < 2 && plugin === criPlugin(1)) continue;
    const merges = isAtLeast(daemon, 2, 3) ? " (from 2.3 on it replaces the other)" : "";
    problems.push(
      document.source.problem(document.offsetOf(path) ?? 0, {
        expected:
          `registry settings in [${shown(document, read)}], where containerd ${daemon.text} ` +
          `reads them for version ${version ?? "1 (no version line)"}`,
        found: `settings in [${shown(document, path)}]${merges}`,
        // Not "move them": mirrors and config_path might meet in one table, and then CRI does not load.
        fix: `take [${shown(document, path)}] out; what is still wanted of it goes to [${shown(document, read)}], which takes either mirrors or config_path`,
      }),
    );
  }
  return problems;
}

function hasSettings(registry: TreeTable): boolean {
  return Object.values(registry).some((value) =>
    isTable(value) ? Object.keys(value).length > 0 : value !== "",
  );
}

/** The table at a path, or an empty table. */
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
