import { type TomlDocument } from "../toml/document";
import { type DaemonVersion } from "./version";

/** The names of these that a daemon takes a key for: 2.x in any letters, 1.x in these or all in capitals. */
export function readAs(
  key: string,
  names: readonly string[],
  daemon: DaemonVersion,
): string | undefined {
  return names.find((name) =>
    daemon.major < 2
      ? key === name || key === name.toUpperCase()
      : key.toLowerCase() === name.toLowerCase(),
  );
}

/** The keys of a table that the daemon takes for one of these names, though they are in other letters. */
export function inOtherLetters(
  document: TomlDocument,
  table: readonly string[],
  names: readonly string[],
  daemon: DaemonVersion,
): { path: string[]; name: string }[] {
  const tree = table.length === 0 ? document.tree : (document.getTable(table) ?? {});
  return Object.keys(tree).flatMap((key) => {
    const name = readAs(key, names, daemon);
    return name === undefined || name === key ? [] : [{ path: [...table, key], name }];
  });
}
