import { type Problem, Refusal } from "../problem";
import { Source } from "../source";
import { TomlDocument } from "../toml/document";
import { isTable, sameMeaning, stringsOf, type Tree, type TreeTable, valueAt } from "../toml/value";
import { type CriConfig } from "./config";
import { criPlugin, criPlugins, registryPath, shown, switchedOff } from "./version";

/** The daemon's settings from config.toml and all of its imports. */
export interface MergedRegistry {
  configPath: string;
  mirrors: TreeTable;
  /** The whole dump. Undefined if there is none: then only config.toml counts. */
  dump: TomlDocument | undefined;
  /** The names of the imported files, or their patterns. */
  imports: string[];
  /** The file at the time of the dump, and the daemon's view of it. */
  dumped: { config: CriConfig; configPath: string; mirrors: TreeTable };
}

/** The default list of 2.2.0 and 2.2.1. Their `containerd config dump` shows it as if it were set. */
const BUILT_IN_LIST = "/etc/containerd/certs.d:/etc/docker/certs.d";

/**
 * The registry settings in `containerd config dump`; without a dump, those in the file.
 *
 * @param dumped  the file at the time of the dump. Settings that only the dump has are from an import
 */
export function mergedRegistry(
  config: CriConfig,
  dump: string | undefined,
  dumped: CriConfig = config,
): MergedRegistry {
  const { configPath, mirrors } = config;
  if (dump === undefined || dump.trim() === "") {
    const imports = patternsOf(config);
    return {
      configPath,
      mirrors,
      dump: undefined,
      imports,
      dumped: { config, configPath, mirrors },
    };
  }
  const merged = TomlDocument.parse(
    Source.decode("the output of `containerd config dump`", Buffer.from(dump, "utf8")),
  );
  const registry = registryOf(merged);
  const mergedPath = registry["config_path"];
  const isBuiltIn = mergedPath === BUILT_IN_LIST && dumped.configPath !== BUILT_IN_LIST;
  const asDumped = {
    config: dumped,
    configPath: typeof mergedPath === "string" && !isBuiltIn ? mergedPath : "",
    mirrors: isTable(registry["mirrors"]) ? registry["mirrors"] : {},
  };
  const imports = importsOf(config, merged);
  if (dumped === config) return { ...asDumped, dump: merged, imports, dumped: asDumped };
  const imported = Object.entries(asDumped.mirrors).filter(
    ([host, entry]) => !sameMeaning(dumped.mirrors[host], entry),
  );
  return {
    configPath: asDumped.configPath === dumped.configPath ? configPath : asDumped.configPath,
    mirrors: { ...mirrors, ...Object.fromEntries(imported) },
    dump: merged,
    imports,
    dumped: asDumped,
  };
}

/**
 * Refuses to edit a file if an import hides a part of it, because an edit would have no effect. In 1.x, an import
 * replaces the whole table of a plugin; in 2.x, it replaces each value that both have.
 */
export function refuseHidden(config: CriConfig, merged: MergedRegistry): void {
  if (merged.dump === undefined || merged.imports.length === 0) return;
  const problems = hidden(merged.dumped.config, merged.dump, { ...merged, ...merged.dumped });
  if (problems.length > 0) throw new Refusal(problems);
}

/** Names for a person: the imported files, or their patterns. */
export function importNames({ imports }: MergedRegistry): string {
  return imports.length === 0 ? "an imported file" : imports.join(", ");
}

/** The place to show for a setting that config.toml does not have: the line that imports it. */
export function importOffset({ document }: CriConfig): number {
  return document.offsetOf(["imports"]) ?? 0;
}

function patternsOf({ document }: CriConfig): string[] {
  return stringsOf(document.get(["imports"])) ?? [];
}

/** A dump lists the files that were read, including config.toml. Newer versions list the patterns. */
function importsOf(config: CriConfig, merged: TomlDocument): string[] {
  const main = config.document.source.path;
  const listed = (stringsOf(merged.get(["imports"])) ?? []).filter((path) => path !== main);
  return listed.length > 0 ? listed.sort() : patternsOf(config);
}

/** Refuses if an imported file disables CRI. */
export function refuseSwitchedOff(config: CriConfig, merged: MergedRegistry): void {
  const off = switchedOff(stringsOf(merged.dump?.get(["disabled_plugins"])) ?? [], config.daemon);
  if (off.length === 0) return;
  throw config.document.source.refuse(importOffset(config), {
    expected: "the CRI plugin switched on, since Kubernetes pulls through it",
    found: `disabled_plugins of an import has ${off.map((name) => `"${name}"`).join(", ")}`,
    fix: `take it out of disabled_plugins in ${importNames(merged)}; then restart containerd`,
  });
}

/** The plugin's name in the dump. A version 1 file appears as version 2, and 2.x uses its newest version. */
function dumpedPlugin(dump: TomlDocument): string {
  const version = dump.get(["version"]);
  return criPlugin(typeof version === "number" ? version : 1);
}

/** The registry table of the dump, which 2.x writes in its newest version. */
function registryOf(merged: TomlDocument): TreeTable {
  for (const plugin of [dumpedPlugin(merged), ...[...criPlugins].reverse()]) {
    const table = merged.getTable(registryPath(plugin));
    if (table !== undefined) return table;
  }
  return {};
}

function hidden(config: CriConfig, dump: TomlDocument, merged: MergedRegistry): Problem[] {
  const { document, daemon, registry, mirrors, configPath } = config;
  const problems: Problem[] = [];
  const report = (path: readonly string[], found: string): void => {
    problems.push(
      document.source.problem(document.offsetOf(path) ?? importOffset(config), {
        expected: `${shown(document, path)} in force as config.toml has it`,
        found,
        fix:
          `move the CRI settings of ${importNames(merged)} into config.toml` +
          (daemon.major < 2
            ? ": containerd 1.x takes an imported plugin table instead of the one here, not on top of it"
            : ", or make the change there"),
      }),
    );
  };
  for (const [host, entry] of Object.entries(mirrors)) {
    if (!sameMeaning(merged.mirrors[host], entry)) {
      report([...registry, "mirrors", host], "another value, or none, in `containerd config dump`");
    }
  }
  if (configPath !== "" && merged.configPath !== configPath) {
    const found = `\`${merged.configPath}\` in \`containerd config dump\``;
    report([...registry, "config_path"], found);
  }
  if (daemon.major < 2 && problems.length === 0) {
    const plugin = registry.slice(0, 2);
    const inDump = dump.getTable(["plugins", dumpedPlugin(dump)]);
    const lost = firstLost(document.get(plugin), inDump, plugin);
    if (lost !== undefined) report(lost, "another value, or none, in `containerd config dump`");
    const added = firstAdded(document.getTable(plugin), inDump);
    if (added !== undefined && problems.length === 0) {
      report([...plugin, ...added.slice(0, -1)], foundElsewhere(added));
    }
  }
  return problems;
}

function foundElsewhere(path: readonly string[]): string {
  const name = path[path.length - 1] ?? "";
  const what = path.includes("mirrors") ? `a mirror for ${name}` : `${path.at(-2) ?? ""}.${name}`;
  return `${what} that only an imported file can have`;
}

/**
 * Tables whose entries are never defaults, except for the runtime `runc`. An entry that config.toml does not have comes
 * from an import, whose plugin table then replaces the one here.
 */
const keyedTables = [
  ["registry", "mirrors"],
  ["registry", "configs"],
  ["containerd", "runtimes"],
];

function firstAdded(
  own: TreeTable | undefined,
  merged: TreeTable | undefined,
): string[] | undefined {
  for (const path of keyedTables) {
    const here = tableBelow(own, path);
    const added = Object.keys(tableBelow(merged, path)).find(
      (name) => name !== "runc" && !Object.hasOwn(here, name),
    );
    if (added !== undefined) return [...path, added];
  }
  return undefined;
}

function tableBelow(table: TreeTable | undefined, path: readonly string[]): TreeTable {
  const found = valueAt(table, path);
  return isTable(found) ? found : {};
}

/** The path of the first value in the file's table that the merged table does not have. */
function firstLost(
  own: Tree | undefined,
  merged: Tree | undefined,
  path: readonly string[],
): string[] | undefined {
  if (isTable(own)) {
    if (!isTable(merged)) return Object.keys(own).length === 0 ? undefined : [...path];
    for (const [key, value] of Object.entries(own)) {
      const lost = firstLost(value, merged[key], [...path, key]);
      if (lost !== undefined) return lost;
    }
    return undefined;
  }
  return own === undefined || sameMeaning(own, merged) ? undefined : [...path];
}
