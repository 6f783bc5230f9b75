/** Property paths as Pulumi writes them: `a.b[0]["c.d"]`, with `*` for every element. */
import { isMap, isSecret, type PropertyMap, type PropertyValue } from "./property";

export type Path = (string | number)[];

/** Throws an error that shows the text where it cannot be read. */
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

/** `key` appended to the text of a path. */
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

/** `news` with what lies at `path` put back to what it was in `olds`, gone where it was not there. */
export function resetPath(news: PropertyMap, olds: PropertyMap, path: Path): PropertyMap {
  return reset(news, olds, path) as PropertyMap;
}

function reset(
  value: PropertyValue | undefined,
  old: PropertyValue | undefined,
  path: Path,
): PropertyValue | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return old;
  if (isSecret(value)) value = value.value;
  if (isSecret(old)) old = old.value;
  if (Array.isArray(value)) {
    const olds = Array.isArray(old) ? old : [];
    if (key === "*" && rest.length === 0) return olds;
    return value.map((v, i) => (key === "*" || key === i ? (reset(v, olds[i], rest) ?? v) : v));
  }
  if (!isMap(value)) return value;
  const olds = isMap(old) ? old : {};
  const result: PropertyMap = { ...value };
  const keys =
    key === "*" ? [...new Set([...Object.keys(value), ...Object.keys(olds)])] : [String(key)];
  for (const name of keys) {
    const changed = reset(value[name], olds[name], rest);
    if (changed === undefined) delete result[name];
    else result[name] = changed;
  }
  return result;
}
