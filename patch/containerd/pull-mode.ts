import { isTable, type Tree, type TreeTable, valueAt } from "../toml/value";
import { type CriConfig } from "./config";
import { type MergedRegistry } from "./merged";
import { criPlugin, isAtLeast } from "./version";

/**
 * Does this daemon look into every directory of a list in config_path? From 2.1 on it does so only where CRI pulls by
 * itself ("local image pull"), and not through the transfer service, which takes the list for one directory.
 */
export function honoursList(config: CriConfig, merged: MergedRegistry): boolean {
  if (!isAtLeast(config.daemon, 2, 1)) return true;
  const tree = (merged.dump ?? config.document).tree;
  return (
    isLocal(tableAt(tree, 3), tableAt(tree, 3)) ||
    isLocal(...oldTables(tree, 2)) ||
    isLocal(...oldTables(tree, 1))
  );
}

function tableAt(tree: Tree, version: number): TreeTable {
  const table = valueAt(tree, ["plugins", criPlugin(version)]);
  return isTable(table) ? table : {};
}

/** In the tables of older versions, some of the settings stand in the part of containerd itself. */
function oldTables(tree: Tree, version: number): [TreeTable, TreeTable] {
  const table = tableAt(tree, version);
  const containerd = table["containerd"];
  // Their own local-pull switch is not among the keys that 2.x moves to its newest table.
  const moved = { ...table, use_local_image_pull: false };
  return [moved, isTable(containerd) && isMoved(containerd) ? containerd : {}];
}

/** 2.x takes the keys of this table that the newest one has elsewhere, but only if there are runtimes in it. */
export function isMoved(containerd: TreeTable): boolean {
  return containerd["runtimes"] !== undefined;
}

/** Is there a setting that the transfer service does not have? Then CRI pulls by itself. */
function isLocal(table: TreeTable, containerd: TreeTable): boolean {
  const registry = isTable(table["registry"]) ? table["registry"] : {};
  const isUsed = (key: string): boolean => Object.keys(registry[key] ?? {}).length > 0;
  return (
    table["use_local_image_pull"] === true ||
    table["image_pull_with_sync_fs"] === true ||
    (table["max_concurrent_downloads"] ?? 3) !== 3 ||
    containerd["discard_unpacked_layers"] === true ||
    containerd["disable_snapshot_annotations"] === false ||
    ["mirrors", "configs", "auths"].some(isUsed)
  );
}
