/** The difference of two property maps, path by path, for providers that do not compute it themselves. */
import type { PropertyChange } from "../providers/provider";
import { joinPath } from "./path";
import { isMap, isSecret, type PropertyMap, type PropertyValue } from "./property";

export type Detailed = Record<string, PropertyChange>;

/** The paths that were added, removed or changed between `olds` and `news`. Compares secrets by their content. */
export function diffMaps(olds: PropertyMap, news: PropertyMap): Detailed {
  const detailed: Detailed = {};
  compare("", olds, news, detailed);
  return detailed;
}

function compare(
  path: string,
  old: PropertyValue | undefined,
  value: PropertyValue | undefined,
  detailed: Detailed,
): void {
  if (isSecret(old)) old = old.value;
  if (isSecret(value)) value = value.value;
  if (old === value || Object.is(old, value)) return;
  if (old === undefined) detailed[path] = "add";
  else if (value === undefined) detailed[path] = "delete";
  else if (Array.isArray(old) && Array.isArray(value)) {
    for (let i = 0; i < Math.max(old.length, value.length); i++) {
      compare(joinPath(path, i), old[i], value[i], detailed);
    }
  } else if (isMap(old) && isMap(value)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(value)])) {
      if (key !== "__defaults") compare(joinPath(path, key), old[key], value[key], detailed);
    }
  } else detailed[path] = "update";
}

/** The top-level properties in a detailed difference. */
export function changedKeys(detailed: Detailed): string[] {
  return [...new Set(Object.keys(detailed).map((path) => /^[^.[]+/.exec(path)?.[0] ?? path))];
}
