/**
 * What a resource type of the real docker provider looks like in the state. That provider is made from a Terraform one:
 * each property has a type there, which decides what stands in the state when nobody set it, how the original is found
 * again from the state (`__pulumi_raw_state_delta`), and whether a change replaces the resource.
 */
import type { Props, Value } from "../provider";
import { isProps } from "../schema";
import type { Field, Fields, Shape } from "../schema";

/**
 * - `value`: a string, number or boolean;
 * - `list`: values in order; `set`: without order, and without meaning in it;
 * - `map`: string keys;
 * - `single`: an object that Terraform holds as a list of at most one.
 */
type Kind = "value" | "list" | "set" | "map" | "single";

export interface Attribute {
  kind: Kind;
  /** As an input. Undefined: an output only. */
  input?: Field;
  /** The real provider takes it and this one does not: nothing but its default, or what is the same as nothing. */
  refused?: true;
  /** A change of it replaces the resource. */
  replaces?: boolean;
  /** The daemon decides where the program does not; so it may go from the program without a change. */
  computed?: boolean;
  /** What the state has when neither the program nor the daemon set it. @default null */
  unset?: Value;
  /** The same in what a refresh read. @default as `unset` */
  unsetOnceRead?: Value;
  /** The Terraform name, where it is not this one in snake case. */
  terraformName?: string;
  /** Of `list`, `set` and `single` whose elements are objects: their properties. */
  elements?: Attributes;
  /** Compares two values that are equal to the daemon though not as written. @default by value; sets without order */
  same?: (a: Value, b: Value) => boolean;
}

export type Attributes = Readonly<Record<string, Attribute>>;
type Rest = Partial<Attribute>;

/** Ways to write an attribute down. */
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
/** Refused, with a default that is written into the inputs. */
export const fixed = (value: Value): Attribute =>
  refused("value", { input: { shape: "any", default: value } });

/** The input with a default that is written into the inputs. */
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
 * The outputs: what was read, else what the program gave, else what stands for nothing.
 * @param refreshed it was read by a refresh, and not as the end of a change: empty is empty then, not absent
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

/** Objects inside have all their properties, and no list of defaults; sets have an order of their own. */
function fill(attribute: Attribute, given: Value, refreshed: boolean): Value {
  const { elements, kind } = attribute;
  const element = (item: Value): Value =>
    elements !== undefined && isProps(item) ? assembleOutputs(elements, item, {}, refreshed) : item;
  if (kind === "single") return element(given);
  if (!Array.isArray(given)) return given;
  const items = given.map(element);
  return kind === "set" ? inOrder(items) : items;
}

/** The items of a set in an order that does not depend on who listed them. */
export function inOrder(items: Value[]): Value[] {
  const key = (item: Value): string =>
    (typeof item === "string" ? item : JSON.stringify(item)) ?? "";
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/**
 * How the provider finds its Terraform state in these outputs. Values are as they are; lists, sets and maps are named as
 * such; an object that is a list there is marked so, and names that cannot be derived are listed.
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
      // Not there: an empty list in Terraform, or nothing at all where the daemon decides, until it was read.
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
