/** Property paths as Pulumi writes them: `a.b[0]["c.d"]`, with `*` for every element. */
import { Secret, isMap, isSecret, type PropertyMap, type PropertyValue } from "./property";

export type Path = (string | number)[];

/** Throws an error that quotes the text if it cannot be parsed. */
export function parsePath(text: string): Path {
  const path: Path = [];
  let rest = text;
  while (rest !== "") {
    const name = (rest === text ? /^([^.[\]]+)/ : /^\.?([^.[\]]+)/).exec(rest);
    const index = /^\[(\d+|\*)\]/.exec(rest);
    const quoted = /^\["((?:[^"\\]|\\.)*)"\]/.exec(rest);
    const found = index ?? quoted ?? name;
    if (!found)
      throw new Error(
        `property path ${JSON.stringify(text)} is not readable at ${JSON.stringify(rest)}`,
      );
    if (index) path.push(index[1] === "*" ? "*" : Number(index[1]));
    else if (quoted) path.push(JSON.parse(`"${quoted[1] ?? ""}"`) as string);
    else path.push(found[1] ?? "");
    rest = rest.slice(found[0].length);
  }
  return path;
}

/** The text of a path with `key` appended. */
export function joinPath(base: string, key: string | number): string {
  if (typeof key === "number") return `${base}[${key}]`;
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${base}[${JSON.stringify(key)}]`;
  return base === "" ? key : `${base}.${key}`;
}

/** True if `inner` is `outer` or lies below it: `a[*]` contains `a[1].b`. */
export function contains(outer: Path, inner: Path): boolean {
  return (
    outer.length <= inner.length &&
    outer.every((key, i) => key === "*" || String(key) === String(inner[i]))
  );
}

/**
 * `news` with the value at `path` reset to the one in `olds`, or removed if `olds` has none. A secret stays secret,
 * also if it is an object around the value. As in Pulumi, `ok` is false and `news` is unchanged if only one of the two
 * contains the path, for example an element that was added to a list.
 */
export function resetPath(
  news: PropertyMap,
  olds: PropertyMap,
  path: Path,
): { news: PropertyMap; ok: boolean } {
  if (path.length === 0) return { news, ok: false };
  const { value, ok } = reset(news, olds, path, { old: false, now: false });
  return { news: value as PropertyMap, ok };
}

type Part = PropertyValue | undefined;

interface Changed {
  value: Part;
  ok: boolean;
}

/** `sealed`: which of the two is inside a secret. */
function reset(
  value: Part,
  old: Part,
  path: Path,
  sealed: { old: boolean; now: boolean },
): Changed {
  const [key, ...rest] = path;
  if (key === undefined) {
    const isBare = sealed.old && !sealed.now && old !== undefined && !isSecret(old);
    return { value: isBare ? new Secret(old) : old, ok: true };
  }
  if (isSecret(value)) {
    const inside = reset(value.value, old, path, { ...sealed, now: true });
    return { value: new Secret(inside.value ?? null), ok: inside.ok };
  }
  if (isSecret(old)) return reset(value, old.value, path, { ...sealed, old: true });
  const isLast = rest.length === 0;
  const next: Next = (v, o) => reset(v, o, rest, sealed);
  if (key === "*") return resetEach(value, old, isLast, next);
  if (typeof key === "number") return resetElement(value, old, key, isLast, next);
  return resetProperty(value, old, key, isLast, next);
}

type Next = (value: Part, old: Part) => Changed;

function resetProperty(value: Part, old: Part, key: string, isLast: boolean, next: Next): Changed {
  const before = isMap(old) && Object.hasOwn(old, key) ? old[key] : undefined;
  if (!isMap(value)) return { value, ok: isLast ? before === undefined : !isMap(old) };
  if (!isLast && !isMap(old)) return { value, ok: false };
  if (!isLast && !Object.hasOwn(value, key)) return { value, ok: before === undefined };
  const changed = next(value[key], before);
  const result = { ...value };
  if (changed.value === undefined) delete result[key];
  else result[key] = changed.value;
  return { value: result, ok: changed.ok };
}

function resetElement(value: Part, old: Part, at: number, isLast: boolean, next: Next): Changed {
  if (!Array.isArray(value) || !Array.isArray(old))
    return { value, ok: !Array.isArray(value) && !Array.isArray(old) };
  if (at >= value.length || at >= old.length)
    return { value, ok: isLast && at >= value.length && at >= old.length };
  const changed = next(value[at], old[at]);
  return { value: value.map((v, i) => (i === at ? (changed.value ?? null) : v)), ok: changed.ok };
}

function resetEach(value: Part, old: Part, isLast: boolean, next: Next): Changed {
  let ok = true;
  const one = (v: Part, o: Part): PropertyValue => {
    const changed = next(v, o);
    ok = changed.ok;
    return changed.value ?? null;
  };
  if (Array.isArray(value) && Array.isArray(old)) {
    const elements = value.map((v, i) => (ok && i < old.length ? one(v, old[i]) : v));
    return { value: elements, ok: ok && value.length === old.length };
  }
  if (isMap(value) && isMap(old)) {
    const properties: PropertyMap = isLast ? {} : { ...value };
    for (const key of Object.keys(old)) {
      if (!isLast && !Object.hasOwn(value, key)) ok = false;
      if (ok) properties[key] = one(value[key], old[key]);
    }
    return { value: properties, ok };
  }
  return { value, ok: isLast && (Array.isArray(value) || isMap(value)) };
}
