import { type TomlDocument } from "../toml/document";
import { type DaemonVersion } from "./version";

/**
 * The names in the list that a daemon recognizes in a key: 2.x in any letter case, 1.x in the given one or all in
 * capitals.
 */
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

/** The keys of a table that the daemon recognizes as one of these names, although their letter case differs. */
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
