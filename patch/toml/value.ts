import { TomlDate, type TomlValue } from "smol-toml";

/** A TOML table, array or value from smol-toml. */
export type Tree = TomlValue;

/** A table from smol-toml, which has no prototype. */
export type TreeTable = { [key: string]: Tree };

export function isTable(value: Tree | undefined): value is TreeTable {
  return (
    typeof value === "object" &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !((value as unknown) instanceof TomlDate)
  );
}

/** The value at a path; undefined if a part is missing or is not a table. */
export function valueAt(tree: Tree | undefined, path: readonly string[]): Tree | undefined {
  let value = tree;
  for (const part of path) {
    if (!isTable(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

/** The strings in an array of strings; undefined for anything else. */
export function stringsOf(value: Tree | undefined): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const strings: string[] = [];
  for (const item of value) {
    if (typeof item !== "string") return undefined;
    strings.push(item);
  }
  return strings;
}

/** Whether both mean the same. The order of a table's keys has no meaning. */
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
  return sameTables(a, b);
}

function sameTables(a: TreeTable, b: TreeTable): boolean {
  // Loops over an array of keys: smol-toml's tables have no prototype, which makes for-in slow.
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string;
    const left = a[key];
    const right = b[key];
    if (left !== right && !sameMeaning(left, right)) return false;
  }
  return true;
}

/**
 * Whether both mean the same except at these paths. A table that only leads to one of the paths may be new. It may also
 * be gone if it had nothing else.
 */
export function sameElsewhere(
  a: Tree | undefined,
  b: Tree | undefined,
  paths: readonly (readonly string[])[],
): boolean {
  if (paths.length === 0) return sameMeaning(a, b);
  if (paths.some((path) => path.length === 0)) return true;
  const left = a === undefined ? {} : a;
  const right = b === undefined ? {} : b;
  if (!isTable(left) || !isTable(right)) return false;
  const heads = paths.map(([part]) => part ?? "");
  let count = 0;
  for (const key of Object.keys(left)) {
    if (heads.includes(key)) continue;
    if (!sameMeaning(left[key], right[key])) return false;
    count++;
  }
  for (const key of Object.keys(right)) if (!heads.includes(key)) count--;
  if (count !== 0) return false;
  return heads.every((head) => {
    const below = paths.filter(([part]) => part === head).map((path) => path.slice(1));
    return sameElsewhere(left[head], right[head], below);
  });
}
