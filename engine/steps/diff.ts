/** Converts a provider's diff into a decision: no change, an update in place, or a replacement. */
import type { Diff } from "../providers/provider";
import { contains, parsePath } from "../values/path";
import { changedKeys, diffMaps, type Detailed } from "../values/diff";
import type { PropertyMap } from "../values/property";

export interface Decision {
  changes: boolean;
  /** The properties that require the replacement; empty means no replacement. */
  replaces: string[];
  diffs: string[];
  detailed: Detailed;
  deleteBeforeReplace: boolean;
}

export const unchanged: Decision = {
  changes: false,
  replaces: [],
  diffs: [],
  detailed: {},
  deleteBeforeReplace: false,
};

/**
 * A replacement that the provider did not ask for: the resource's provider, or a resource that it depends on, was
 * replaced.
 */
export const replaceFor = (key: string): Decision => ({
  ...unchanged,
  changes: true,
  replaces: [key],
});

/** `trust` false: the provider was not asked, and only the inputs count. */
export function decide(
  diff: Diff,
  olds: PropertyMap,
  news: PropertyMap,
  {
    replaceOnChanges = [],
    hasInitErrors = false,
    trust = true,
  }: { replaceOnChanges?: string[]; hasInitErrors?: boolean; trust?: boolean } = {},
): Decision {
  const detailed = { ...(diff.detailed ?? diffMaps(olds, news)) };
  const changes = trust ? diff.changes === "some" : Object.keys(detailed).length > 0;
  if (!changes && !hasInitErrors) return unchanged;
  const paths = replaceOnChanges.map(parsePath);
  const replaces = new Set(diff.replaces);
  for (const [path, kind] of Object.entries(detailed)) {
    const forced = paths.some((outer) => contains(outer, parsePath(path)));
    if (forced && !kind.endsWith("-replace")) {
      detailed[path] = `${kind as "add" | "delete" | "update"}-replace`;
    }
    if (detailed[path]?.endsWith("-replace"))
      replaces.add(changedKeys({ [path]: kind })[0] ?? path);
  }
  if (hasInitErrors && paths.some((path) => path[0] === "*")) replaces.add("#initerror");
  return {
    changes: changes || replaces.size > 0,
    replaces: [...replaces],
    diffs: changedKeys(detailed),
    detailed,
    deleteBeforeReplace: diff.deleteBeforeReplace === true,
  };
}
