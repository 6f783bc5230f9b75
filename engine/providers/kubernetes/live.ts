/** Compares a live object with the program's inputs. */
import { joinPath } from "../../values/path";
import { deepEquals } from "../../values/property";
import { UNKNOWN } from "../provider";
import type { PropertyChange, Props, Value } from "../provider";
import { isProps } from "../schema";

/** The part of `live` that `inputs` has too, without what other programs added to the object. */
export function pruneLike(live: Props, inputs: Props): Props {
  return Object.fromEntries(
    Object.entries(live)
      .filter(([key]) => Object.hasOwn(inputs, key))
      .map(([key, value]) => {
        const wanted = inputs[key];
        return [key, isProps(value) && isProps(wanted) ? pruneLike(value, wanted) : value];
      }),
  );
}

/** Every path where the two differ, down to single values. */
export function changesBetween(
  olds: Props,
  news: Props,
  base = "",
): Record<string, "add" | "delete" | "update"> {
  const changes: Record<string, "add" | "delete" | "update"> = {};
  for (const key of new Set([...Object.keys(olds), ...Object.keys(news)])) {
    const at = joinPath(base, key);
    const old = defined(olds[key]);
    const wanted = defined(news[key]);
    if (wanted === undefined) {
      if (old !== undefined) changes[at] = "delete";
    } else if (old === undefined) changes[at] = "add";
    else if (isProps(old) && isProps(wanted))
      Object.assign(changes, changesBetween(old, wanted, at));
    else if (wanted === UNKNOWN || !deepEquals(old, wanted)) changes[at] = "update";
  }
  return changes;
}

/** The same change as a replacement. */
export function asReplace(change: "add" | "delete" | "update"): PropertyChange {
  return `${change}-replace`;
}

const defined = (value: Value | undefined): Value | undefined =>
  value === null ? undefined : value;
