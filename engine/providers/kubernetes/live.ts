/** Compares a live object with the program's inputs. */
import { joinPath } from "../../values/path";
import { deepEquals } from "../../values/property";
import { UNKNOWN } from "../provider";
import type { PropertyChange, Props, Value } from "../provider";
import { isProps } from "../schema";
import { sameQuantity } from "./quantity";

/** Maps whose keys are the user's own. The server keeps their empty values. */
const OWN_KEYS = ["labels", "annotations", "matchLabels", "nodeSelector", "selector"];

/**
 * The part of `live` that `inputs` has too, without what other programs added to the object. Where the server only
 * writes a value of `spec` in another way, it is the value of `inputs`.
 */
export function pruneLike(live: Props, inputs: Props): Props {
  return Object.fromEntries(
    Object.entries(live)
      .filter(([key]) => Object.hasOwn(inputs, key))
      .map(([key, value]) => {
        const wanted = inputs[key];
        if (!isProps(value) || !isProps(wanted)) return [key, value];
        return [key, key === "spec" ? pruneSpec(value, wanted) : pruneLike(value, wanted)];
      }),
  );
}

function pruneSpec(live: Props, wanted: Props, parent = ""): Props {
  const kept: Props = {};
  for (const [key, asked] of Object.entries(wanted)) {
    const value = live[key];
    if (value !== undefined) kept[key] = pruneValue(value, asked, key, parent);
    else if (isLeftOut(asked) && !OWN_KEYS.includes(parent)) kept[key] = asked;
  }
  return kept;
}

function pruneValue(live: Value, wanted: Value, key: string, parent: string): Value {
  if (isProps(live) && isProps(wanted)) return pruneSpec(live, wanted, key);
  if (Array.isArray(live) && Array.isArray(wanted)) return pruneList(live, wanted, key);
  const isQuantity = parent === "limits" || parent === "requests";
  return isQuantity && sameQuantity(live, wanted) ? wanted : live;
}

/**
 * The elements of `live` that `wanted` has too. Maps are found by their name, or else by their place; a list of other
 * values has one owner, and is kept as it is.
 */
function pruneList(live: Value[], wanted: Value[], key: string): Value[] {
  const maps = wanted.filter(isProps);
  if (maps.length === 0 || maps.length < wanted.length) return live;
  const named = maps.every(({ name }) => typeof name === "string");
  return maps.flatMap((one, index) => {
    const found = named
      ? live.find((other) => isProps(other) && other["name"] === one["name"])
      : live[index];
    if (found === undefined) return [];
    return [isProps(found) ? pruneSpec(found, one, key) : found];
  });
}

/** The server does not store such a value of most fields. */
function isLeftOut(value: Value): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isProps(value)) return Object.values(value).every(isLeftOut);
  return value === false || value === 0 || value === "";
}

/** Every path where the two differ, down to single values. */
export function changesBetween(
  olds: Props,
  news: Props,
  base = "",
): Record<string, "add" | "delete" | "update"> {
  const changes: Record<string, "add" | "delete" | "update"> = {};
  for (const key of new Set([...Object.keys(olds), ...Object.keys(news)]))
    Object.assign(changes, changeOf(olds[key], news[key], joinPath(base, key)));
  return changes;
}

function changeOf(
  before: Value | undefined,
  after: Value | undefined,
  at: string,
): Record<string, "add" | "delete" | "update"> {
  const old = defined(before);
  const wanted = defined(after);
  if (wanted === undefined) return old === undefined ? {} : { [at]: "delete" };
  if (old === undefined) return { [at]: "add" };
  if (isProps(old) && isProps(wanted)) return changesBetween(old, wanted, at);
  if (isListOfMaps(old) && isListOfMaps(wanted) && old.length === wanted.length)
    return Object.assign(
      {},
      ...wanted.map((one, index) => changeOf(old[index], one, joinPath(at, index))),
    ) as Record<string, "update">;
  return wanted === UNKNOWN || !deepEquals(old, wanted) ? { [at]: "update" } : {};
}

/** The same change as a replacement. */
export function asReplace(change: "add" | "delete" | "update"): PropertyChange {
  return `${change}-replace`;
}

const isListOfMaps = (value: Value): value is Props[] =>
  Array.isArray(value) && value.every(isProps);

const defined = (value: Value | undefined): Value | undefined =>
  value === null ? undefined : value;
