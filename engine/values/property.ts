/**
 * Property values inside the engine: like those on the wire and in the state file, but secrets are objects. Resource
 * references stay plain objects with Pulumi's signature key.
 */
import { UNKNOWN, type Props, type Value } from "../providers/provider";

/** The key that marks special objects, on the wire and in the state. */
export const SIGNATURE = "4dabf18193072939515e22adb298388d";
export const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";
export const ASSET_SIGNATURE = "c44067f5952c0a294b673a41bacd8c17";
export const ARCHIVE_SIGNATURE = "0def7320c3a5731c473e5ecbe6d01bc7";
export const RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e";
export const OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
/** An unknown value on the wire. */
export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A value that is never shown, and is stored encrypted. */
export class Secret {
  /**
   * `ciphertext`: the encrypted text from the state file, kept so that an unchanged secret is written back byte for
   * byte.
   */
  constructor(
    readonly value: PropertyValue,
    public ciphertext?: string,
  ) {}
}

export type PropertyValue =
  null | boolean | number | string | PropertyValue[] | PropertyMap | Secret | typeof UNKNOWN;

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface PropertyMap {
  [key: string]: PropertyValue;
}

export function isMap(value: PropertyValue | undefined): value is PropertyMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isSecret(value);
}

export function isSecret(value: PropertyValue | undefined): value is Secret {
  return value instanceof Secret;
}

/** True if `test` holds for the value or for anything inside it. */
export function some(value: PropertyValue, test: (v: PropertyValue) => boolean): boolean {
  if (test(value)) return true;
  if (isSecret(value)) return some(value.value, test);
  if (Array.isArray(value)) return value.some((v) => some(v, test));
  return isMap(value) && Object.values(value).some((v) => some(v, test));
}

export const hasUnknown = (value: PropertyValue): boolean => some(value, (v) => v === UNKNOWN);
export const hasSecret = (value: PropertyValue): boolean => some(value, isSecret);

export function deepEquals(a: PropertyValue | undefined, b: PropertyValue | undefined): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (isSecret(a)) return isSecret(b) && deepEquals(a.value, b.value);
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((v, i) => deepEquals(v, b[i]));
  }
  if (!isMap(a) || !isMap(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && deepEquals(a[key], b[key]))
  );
}

/** Replaces every node by what `change` returns for it; `undefined` means: continue inside the node. */
export function transform(
  value: PropertyValue,
  change: (v: PropertyValue) => PropertyValue | undefined,
): PropertyValue {
  const changed = change(value);
  if (changed !== undefined) return changed;
  if (isSecret(value)) return new Secret(transform(value.value, change));
  if (Array.isArray(value)) return value.map((v) => transform(v, change));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, transform(v, change)]));
}

/** The plain value for a provider: no secrets, and a resource reference becomes its id, or its URN. */
export function unwrap(value: PropertyValue): Value {
  return transform(value, (v) => {
    if (isSecret(v)) return unwrap(v.value);
    if (isMap(v) && v[SIGNATURE] === RESOURCE_SIGNATURE) {
      const id = v["id"];
      if (id === undefined || id === null) return v["urn"] ?? null;
      return id === "" ? UNKNOWN : id;
    }
    return undefined;
  }) as Value;
}

export const unwrapMap = (map: PropertyMap | undefined): Props => unwrap(map ?? {}) as Props;

/** Marks as secret in `values` what is secret in `like`: key by key, in nested objects and inside secrets too. */
export function markLike(values: PropertyMap, like: PropertyMap): PropertyMap {
  const marked: PropertyMap = { ...values };
  for (const [key, model] of Object.entries(like)) {
    const value = marked[key];
    if (value === undefined || isSecret(value)) continue;
    if (isMap(value) && isMap(model)) marked[key] = markLike(value, model);
    else if (isSecret(model)) {
      const inside = model.value;
      marked[key] = new Secret(isMap(value) && isMap(inside) ? markLike(value, inside) : value);
    } else if (hasSecret(model)) marked[key] = new Secret(value);
  }
  return marked;
}

/** Marks properties by path ("a.b"), inside secrets too. Ignores paths that do not exist. */
export function markPaths(values: PropertyMap, paths: readonly string[]): PropertyMap {
  return paths.reduce((marked, path) => markPath(marked, path.split(".")), values);
}

function markPath(values: PropertyMap, [key = "", ...rest]: string[]): PropertyMap {
  const value = values[key];
  if (value === undefined) return values;
  if (rest.length === 0) return markKeys(values, [key]);
  const inside = isSecret(value) ? value.value : value;
  if (!isMap(inside)) return values;
  const marked = markPath(inside, rest);
  return { ...values, [key]: isSecret(value) ? new Secret(marked) : marked };
}

/** Marks whole properties by name. */
export function markKeys(values: PropertyMap, keys: readonly string[]): PropertyMap {
  const marked: PropertyMap = { ...values };
  for (const key of keys) {
    const value = marked[key];
    if (value !== undefined && !isSecret(value)) marked[key] = new Secret(value);
  }
  return marked;
}

/** A resource reference always has the version of its package, even if it is an empty string. */
export function withPackageVersion(map: PropertyMap): PropertyMap {
  return map[SIGNATURE] === RESOURCE_SIGNATURE ? { packageVersion: "", ...map } : map;
}

/** A value for display: secrets become "[secret]", unknown values become `unknown`. */
export function blind(value: PropertyValue, unknown = UNKNOWN_TEXT): PropertyValue {
  return transform(value, (v) => (isSecret(v) ? "[secret]" : v === UNKNOWN ? unknown : undefined));
}

/** Keys in the order of Go's maps: by the bytes of their UTF-8. */
export function sortedKeys(map: object): string[] {
  return Object.keys(map).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
