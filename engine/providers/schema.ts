import { UNKNOWN } from "./provider";
import type { CheckFailure, Props, Value } from "./provider";

/** What a property may hold. */
export type Shape =
  | "string"
  | "integer"
  | "boolean"
  | "any"
  | { list: Shape }
  | { mapOf: Shape }
  | { oneOf: readonly string[] }
  | { object: Fields };

export interface Field {
  shape: Shape;
  required?: boolean;
  /** Filled in where the property is absent. */
  default?: Value;
  /** Encrypted everywhere in the state, and never shown. */
  secret?: boolean;
}

export type Fields = Readonly<Record<string, Field>>;

export interface SchemaResult {
  inputs: Props;
  failures: CheckFailure[];
  /** Paths of the present properties that the schema marks as secret, outer ones first: "connection.privateKey". */
  secretInputs: string[];
}

/** The reason why an input of the real provider is refused, with the names of the supported inputs. */
export function notTaken(taken: readonly string[]): string {
  return `not supported by the embedded engine, which takes ${taken.join(", ")} here; use --engine pulumi for this program`;
}

/**
 * Checks inputs against a schema and fills in its defaults. Reasons never quote a value: it can be a secret.
 * @param recordDefaults adds `__defaults` to each object: the sorted names of the properties that were filled in.
 * Bridged providers store them in the state. @default false
 */
export function checkSchema(fields: Fields, news: Props, recordDefaults = false): SchemaResult {
  const result: Checking = { inputs: {}, failures: [], secretInputs: [], recordDefaults };
  const inputs = checkFields(fields, news, "", result);
  return { inputs, failures: result.failures, secretInputs: result.secretInputs };
}

interface Checking extends SchemaResult {
  recordDefaults: boolean;
}

function checkFields(fields: Fields, value: Props, path: string, result: Checking): Props {
  const checked: Props = {};
  const defaults: string[] = [];
  for (const name of Object.keys(value)) {
    const at = join(path, name);
    if (!Object.hasOwn(fields, name)) {
      if (name === "version" || name.startsWith("__")) continue; // the engine's own properties
      const known = Object.keys(fields).sort().join(", ");
      result.failures.push({ property: at, reason: `no such property; there are: ${known}` });
    }
  }
  for (const [name, field] of Object.entries(fields)) {
    const at = join(path, name);
    const given = value[name] ?? field.default;
    if (given === undefined) {
      if (field.required === true) {
        result.failures.push({ property: at, reason: "is required and was not given" });
      }
      continue;
    }
    if (field.secret === true) result.secretInputs.push(at);
    if (value[name] === undefined || value[name] === null) defaults.push(name);
    checked[name] = checkShape(field.shape, given, at, result);
  }
  if (result.recordDefaults) checked["__defaults"] = defaults.sort();
  return checked;
}

function checkShape(shape: Shape, value: Value, path: string, result: Checking): Value {
  if (shape === "any" || value === UNKNOWN) return value;
  if (typeof shape === "string") {
    const fits = shape === "integer" ? Number.isInteger(value) : typeof value === shape;
    if (!fits) mismatch(article(shape), value, path, result);
    return value;
  }
  if ("oneOf" in shape) {
    if (typeof value !== "string" || !shape.oneOf.includes(value)) {
      const found = typeof value === "string" ? "another string" : describe(value);
      const reason = `expected one of ${shape.oneOf.join(", ")}; found ${found}`;
      result.failures.push({ property: path, reason });
    }
    return value;
  }
  if ("list" in shape) {
    if (!Array.isArray(value)) return mismatch("a list", value, path, result);
    return value.map((item, index) => checkShape(shape.list, item, `${path}[${index}]`, result));
  }
  if (!isProps(value)) return mismatch("an object", value, path, result);
  if ("object" in shape) return checkFields(shape.object, value, path, result);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      checkShape(shape.mapOf, item, join(path, key), result),
    ]),
  );
}

function mismatch(expected: string, value: Value, path: string, result: Checking): Value {
  result.failures.push({
    property: path,
    reason: `expected ${expected}, found ${describe(value)}`,
  });
  return value;
}

export function isProps(value: Value | undefined): value is Props {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: Value): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return article(typeof value);
}

function article(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
