import { TomlDate, type TomlValue } from "smol-toml";

/** What a TOML table, array or value means, as smol-toml gives it. */
export type Tree = TomlValue;

/** A table as read; smol-toml's tables have no prototype. */
export type TreeTable = { [key: string]: Tree };

export function isTable(value: Tree | undefined): value is TreeTable {
  return (
    typeof value === "object" &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !((value as unknown) instanceof TomlDate)
  );
}

/** The value at a path; undefined where a part is missing or is no table. */
export function valueAt(tree: Tree | undefined, path: readonly string[]): Tree | undefined {
  let value = tree;
  for (const part of path) {
    if (!isTable(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

/** The strings of an array of strings; undefined for anything else. */
export function stringsOf(value: Tree | undefined): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const strings: string[] = [];
  for (const item of value) {
    if (typeof item !== "string") return undefined;
    strings.push(item);
  }
  return strings;
}

/** Do both mean the same? The order of a table's keys is no part of its meaning. */
export function sameMeaning(a: Tree | undefined, b: Tree | undefined): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => sameMeaning(item, b[index]));
  }
  if (a instanceof TomlDate || b instanceof TomlDate) {
    return a instanceof TomlDate && b instanceof TomlDate && a.toISOString() === b.toISOString();
  }
  const left = a;
  const right = b;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && sameMeaning(left[key], right[key]));
}

/** The tree with one value set, or taken out (`undefined`). What is not on the path is shared. */
export function withValue(
  tree: Tree | undefined,
  path: readonly string[],
  value: Tree | undefined,
): Tree | undefined {
  const [part, ...rest] = path;
  if (part === undefined) return value;
  const table: TreeTable = Object.assign(
    Object.create(null) as TreeTable,
    isTable(tree) ? tree : {},
  );
  const changed = withValue(table[part], rest, value);
  if (changed === undefined) delete table[part];
  else
    Object.defineProperty(table, part, {
      value: changed,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return table;
}
