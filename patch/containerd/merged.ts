import { type Problem, Refusal } from "../problem";
import { Source } from "../source";
import { TomlDocument } from "../toml/document";
import { isTable, sameMeaning, stringsOf, type Tree, type TreeTable } from "../toml/value";
import { type CriConfig } from "./config";
import { criPlugin, criPlugins, registryPath, shown } from "./version";

/** What the daemon makes of config.toml and everything that it imports. */
export interface MergedRegistry {
  configPath: string;
  mirrors: TreeTable;
}

/** The built-in list of 2.2.0 and 2.2.1, which `containerd config dump` shows there as if it were set. */
const BUILT_IN_LIST = "/etc/containerd/certs.d:/etc/docker/certs.d";

/**
 * The registry settings as `containerd config dump` shows them; those of the file alone without a dump.
 *
 * @throws Refusal where an imported file hides what is written in config.toml: 1.x replaces a plugin's
 * whole table by that of an import, and what we write would have no effect
 */
export function mergedRegistry(config: CriConfig, dump: string | undefined): MergedRegistry {
  const { configPath, mirrors } = config;
  if (dump === undefined || dump.trim() === "") return { configPath, mirrors };
  const merged = TomlDocument.parse(
    Source.decode("the output of `containerd config dump`", Buffer.from(dump, "utf8")),
  );
  const registry = registryOf(merged);
  const mergedPath = registry["config_path"];
  const effective: MergedRegistry = {
    configPath: typeof mergedPath === "string" && mergedPath !== BUILT_IN_LIST ? mergedPath : "",
    mirrors: isTable(registry["mirrors"]) ? registry["mirrors"] : {},
  };
  if (configPath === BUILT_IN_LIST) effective.configPath = configPath;
  const problems = hidden(config, merged, effective);
  if (problems.length > 0) throw new Refusal(problems);
  return effective;
}

/** The registry table of the dump, which 2.x writes for its own newest version. */
function registryOf(merged: TomlDocument): TreeTable {
  const version = merged.get(["version"]);
  const own = criPlugin(typeof version === "number" ? version : 1);
  for (const plugin of [own, ...[...criPlugins].reverse()]) {
    const table = merged.getTable(registryPath(plugin));
    if (table !== undefined) return table;
  }
  return {};
}

function hidden(config: CriConfig, merged: TomlDocument, effective: MergedRegistry): Problem[] {
  const { document, daemon, registry, mirrors, configPath } = config;
  const problems: Problem[] = [];
  const imports = stringsOf(document.get(["imports"])) ?? [];
  const report = (path: readonly string[], found: string): void => {
    const offset = document.offsetOf(path) ?? document.offsetOf(["imports"]) ?? 0;
    const list = imports.length === 0 ? "imported files" : imports.join(", ");
    problems.push(
      document.source.problem(offset, {
        expected: `${shown(document, path)} in force as config.toml has it`,
        found,
        fix:
          `move the CRI settings of ${list} into config.toml` +
          (daemon.major < 2
            ? ": containerd 1.x takes an imported plugin table instead of the one here, not on top of it"
            : ", or make the change there"),
      }),
    );
  };
  for (const [host, entry] of Object.entries(mirrors)) {
    if (!sameMeaning(effective.mirrors[host], entry)) {
      report([...registry, "mirrors", host], "another value, or none, in `containerd config dump`");
    }
  }
  if (configPath !== "" && effective.configPath !== configPath) {
    const found = `\`${effective.configPath}\` in \`containerd config dump\``;
    report([...registry, "config_path"], found);
  }
  if (daemon.major < 2 && problems.length === 0) {
    const plugin = registry.slice(0, 2);
    const lost = firstLost(document.get(plugin), merged.get(plugin), plugin);
    if (lost !== undefined) report(lost, "another value, or none, in `containerd config dump`");
    const added = Object.keys(effective.mirrors).find((host) => !Object.hasOwn(mirrors, host));
    if (added !== undefined && problems.length === 0) {
      report([...registry, "mirrors"], `a mirror for ${added} that only an imported file can have`);
    }
  }
  return problems;
}

/** The path of the first value of the file's table that the merged one does not have. */
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
