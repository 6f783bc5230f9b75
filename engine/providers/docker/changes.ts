import { deepEquals } from "../../values/property";
import { UNKNOWN } from "../provider";
import type { Diff, PropertyChange, Props, Value } from "../provider";
import { isProps } from "../schema";
import { inOrder } from "./attributes";
import type { Attribute, Attributes } from "./attributes";

/**
 * Compares the program's inputs with the outputs in the state, so that drift that a refresh found shows up. As in
 * Terraform, a property that the daemon sets can be left out, and sets have no order.
 */
export function diffResource(
  attributes: Attributes,
  oldInputs: Props,
  oldOutputs: Props,
  news: Props,
): Diff {
  const detailed: Record<string, PropertyChange> = {};
  const replaces: string[] = [];
  for (const [name, attribute] of Object.entries(attributes)) {
    const change = attributeChange(
      attribute,
      oldInputs[name] ?? undefined,
      oldOutputs[name] ?? undefined,
      news[name] ?? undefined,
    );
    if (change === undefined) continue;
    if (attribute.replaces === true) replaces.push(name);
    detailed[name] = attribute.replaces === true ? `${change}-replace` : change;
  }
  return {
    changes: Object.keys(detailed).length === 0 ? "none" : "some",
    replaces,
    detailed,
  };
}

function attributeChange(
  attribute: Attribute,
  oldInput: Value | undefined,
  oldOutput: Value | undefined,
  wanted: Value | undefined,
): "add" | "delete" | "update" | undefined {
  const { input, refused } = attribute;
  // If the property cannot be set, a value from the daemon is not a change.
  if (input === undefined || (refused && input.default === undefined)) return undefined;
  if (wanted === undefined) {
    return oldInput === undefined || attribute.computed === true ? undefined : "delete";
  }
  const held = oldOutput ?? oldInput;
  if (held === undefined) return isNothing(wanted) ? undefined : "add";
  return isSame(attribute, held, wanted) ? undefined : "update";
}

function isSame(attribute: Attribute, held: Value, wanted: Value): boolean {
  if (wanted === UNKNOWN) return false;
  if (attribute.same !== undefined) return attribute.same(held, wanted);
  return deepEquals(comparable(attribute, held), comparable(attribute, wanted));
}

/**
 * Ignores the order of sets, and the properties that only the inputs or only the outputs have: defaults and unset
 * properties.
 */
function comparable(attribute: Attribute, value: Value): Value {
  const { elements = {}, kind } = attribute;
  if (Array.isArray(value)) {
    const items = value.map((item) => comparable({ kind: "single", elements }, item));
    return kind === "set" ? inOrder(items) : items;
  }
  if (!isProps(value) || kind === "map") return value;
  const parts = Object.entries(value)
    .filter(([key, part]) => key !== "__defaults" && !isNothing(part))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => [key, comparable(elements[key] ?? { kind: "value" }, part)] as const);
  return Object.fromEntries(parts);
}

/** True for the values that Terraform treats as "not set". */
function isNothing(value: Value): boolean {
  if (value === null || value === "" || value === 0 || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
