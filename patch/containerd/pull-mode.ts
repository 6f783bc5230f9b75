import { isTable, type Tree, type TreeTable, valueAt } from "../toml/value";
import { type CriConfig } from "./config";
import { type MergedRegistry } from "./merged";
import { criPlugin, isAtLeast } from "./version";

/**
 * Whether this daemon reads every directory of a list in config_path. From 2.1 on, it does so only if CRI pulls by
 * itself ("local image pull"). The transfer service takes the list for one directory.
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

/** In the tables of older versions, some of these settings are in containerd's part. */
function oldTables(tree: Tree, version: number): [TreeTable, TreeTable] {
  const table = tableAt(tree, version);
  const containerd = table["containerd"];
  // 2.x does not move their use_local_image_pull to its newest table.
  const moved = { ...table, use_local_image_pull: false };
  return [moved, isTable(containerd) && isMoved(containerd) ? containerd : {}];
}

/** Whether 2.x moves the keys of this table to their new place. It does so only if the table has runtimes. */
export function isMoved(containerd: TreeTable): boolean {
  return containerd["runtimes"] !== undefined;
}

/** Whether there is a setting that the transfer service does not support. Then CRI pulls by itself. */
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
