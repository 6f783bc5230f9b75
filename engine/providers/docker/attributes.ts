/**
 * Describes how a resource type of the real docker provider looks in the state. That provider wraps a Terraform
 * provider. A property's type there decides which value the state has for an unset property, how the Terraform value is
 * restored from the state (`__pulumi_raw_state_delta`), and whether a change replaces the resource.
 */
import type { Props, Value } from "../provider";
import { isProps } from "../schema";
import type { Field, Fields, Shape } from "../schema";

/**
 * - `value`: a string, number or boolean;
 * - `list`: values in order; `set`: values whose order has no meaning;
 * - `map`: string keys;
 * - `single`: an object that Terraform stores as a list of at most one element.
 */
type Kind = "value" | "list" | "set" | "map" | "single";

export interface Attribute {
  kind: Kind;
  /** The input's schema. Undefined: the attribute is only an output. */
  input?: Field;
  /** The real provider supports it and this one does not: only its default, or an empty value, is accepted. */
  refused?: true;
  /** A change to it replaces the resource. */
  replaces?: boolean;
  /** The daemon sets it if the program does not, so the program can remove it without a change. */
  computed?: boolean;
  /** The value in the state if neither the program nor the daemon set it. @default null */
  unset?: Value;
  /** The same after a refresh. @default the value of `unset` */
  unsetOnceRead?: Value;
  /** The Terraform name, if it is not this name in snake case. */
  terraformName?: string;
  /** The properties of the objects in a `list`, `set` or `single`. */
  elements?: Attributes;
  /**
   * Compares two values that the daemon treats as equal, even if they are written differently. @default by value; sets
   * without order
   */
  same?: (a: Value, b: Value) => boolean;
}

export type Attributes = Readonly<Record<string, Attribute>>;
type Rest = Partial<Attribute>;

/** Constructors for attributes. */
export const input = (kind: Kind, shape: Shape, rest: Rest = {}): Attribute => ({
  kind,
  input: { shape },
  ...rest,
});
export const string = (rest: Rest = {}): Attribute => input("value", "string", rest);
export const objects = (kind: "list" | "set", elements: Attributes, rest: Rest = {}): Attribute =>
  input(kind, { list: { object: inputFields(elements) } }, { elements, unset: [], ...rest });
export const output = (kind: Kind, rest: Rest = {}): Attribute => ({
  kind,
  computed: true,
  ...rest,
});
export const refused = (kind: Kind, rest: Rest = {}): Attribute => ({
  kind,
  input: { shape: "any" },
  refused: true,
  ...rest,
});
/** Refused, with a default that is added to the inputs. */
export const fixed = (value: Value): Attribute =>
  refused("value", { input: { shape: "any", default: value } });

/** The input with a default that is added to the inputs. */
export const withDefault = (attribute: Attribute, defaultValue: Value): Attribute => ({
  ...attribute,
  input: { shape: "any", ...attribute.input, default: defaultValue },
});
export const required = (attribute: Attribute): Attribute => ({
  ...attribute,
  input: { shape: "any", ...attribute.input, required: true },
});

/** The same attribute under several names. */
export const each = (names: readonly string[], attribute: Attribute): Attributes =>
  Object.fromEntries(names.map((name) => [name, attribute]));

/** The inputs of a type, for the schema check. */
export function inputFields(attributes: Attributes): Fields {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, { input }]) => (input ? [[name, input]] : [])),
  );
}

/**
 * The outputs: for each property the value that was read, else the program's value, else the value for "unset".
 * @param refreshed true after a refresh, false after a change: after a refresh, an empty value is empty, not absent
 */
export function assembleOutputs(
  attributes: Attributes,
  inputs: Props,
  read: Props,
  refreshed = false,
): Props {
  const outputs: Props = {};
  for (const [name, attribute] of Object.entries(attributes)) {
    const { unset = null, unsetOnceRead = unset } = attribute;
    const given = read[name] ?? inputs[name] ?? null;
    const nothing = refreshed ? unsetOnceRead : unset;
    outputs[name] = given === null ? nothing : fill(attribute, given, refreshed);
  }
  return outputs;
}

/** Nested objects have all their properties, and no `__defaults`. Sets are sorted. */
function fill(attribute: Attribute, given: Value, refreshed: boolean): Value {
  const { elements, kind } = attribute;
  const element = (item: Value): Value =>
    elements !== undefined && isProps(item) ? assembleOutputs(elements, item, {}, refreshed) : item;
  if (kind === "single") return element(given);
  if (!Array.isArray(given)) return given;
  const items = given.map(element);
  return kind === "set" ? inOrder(items) : items;
}

/** The items of a set in an order that does not depend on their source. */
export function inOrder(items: Value[]): Value[] {
  const key = (item: Value): string =>
    (typeof item === "string" ? item : JSON.stringify(item)) ?? "";
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/**
 * The data that restores the Terraform state from these outputs. Values need no entry. Lists, sets and maps are named
 * as such. An object that is a list in Terraform is marked, and names that cannot be derived are listed.
 */
export function rawStateDelta(attributes: Attributes, outputs: Props, refreshed = false): Props {
  const deltas: Props = {};
  const renamed: Props = {};
  for (const [name, attribute] of Object.entries(attributes)) {
    if (attribute.terraformName !== undefined) renamed[name] = attribute.terraformName;
    const delta = attributeDelta(attribute, outputs[name] ?? null, refreshed);
    if (delta !== undefined) deltas[name] = delta;
  }
  return {
    obj: {
      ...(Object.keys(deltas).length === 0 ? {} : { ps: deltas }),
      ...(Object.keys(renamed).length === 0 ? {} : { renamed }),
    },
  };
}

function attributeDelta(attribute: Attribute, held: Value, refreshed: boolean): Props | undefined {
  const { kind, elements } = attribute;
  switch (kind) {
    case "value":
      return undefined;
    case "map":
      return held === null ? undefined : { map: {} };
    case "single":
      if (isProps(held)) return { plu: { i: rawStateDelta(elements ?? {}, held, refreshed) } };
      // The property is absent: Terraform has an empty list, or nothing if the daemon sets it and it was not read yet.
      return attribute.computed === true && !refreshed ? undefined : { plu: { i: {} } };
    default: {
      if (!Array.isArray(held)) return undefined;
      if (elements === undefined || held.length === 0) return { arr: {} };
      const each = held.map((item, index) => [
        String(index),
        rawStateDelta(elements, isProps(item) ? item : {}, refreshed),
      ]);
      return { arr: { el: Object.fromEntries(each) as Props } };
    }
  }
}
