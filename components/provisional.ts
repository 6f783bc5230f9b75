/** Paths of names, which tell hosts apart: they must be known from the start. */
const NAMES = /^(nodes|nodes\[\d+\]|registry|nodes\[\d+\]\.name|registry\.host)$/;

/**
 * Arguments in which what is not known yet and must be there has a value for now, so that everything else is checked. No
 * host is looked at with such a value.
 */
export function provisional(
  values: Record<string, unknown>,
  unknown: readonly string[],
): Record<string, unknown> {
  const filled = structuredClone(values);
  for (const [index, path] of unknown.entries()) {
    if (NAMES.test(path)) continue;
    const value = standIn(path, index);
    if (value !== undefined) put(filled, path, value);
  }
  return filled;
}

/** What stands in for a required value; an optional one is left out. */
function standIn(path: string, index: number): unknown {
  if (path.endsWith(".address")) return `not-known-yet-${index}.invalid`;
  if (path.endsWith(".role")) return "worker";
  if (/^mirrors.*(\]|\.url)$/.test(path)) return `http://not-known-yet-${index}.invalid`;
  if (path === "docker.packages") return "/not-known-yet";
  return undefined;
}

/** Puts a value where a path such as `nodes[1].address` or `mirrors["docker.io"][0]` leads. */
function put(target: object, path: string, value: unknown): void {
  const keys = [...path.matchAll(/\["([^"]*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, plain]) => quoted ?? (index === undefined ? (plain ?? "") : Number(index)),
  );
  const last = keys.pop() ?? "";
  let at = target as Record<string | number, unknown>;
  for (const key of keys) at = (at[key] ??= {}) as Record<string | number, unknown>;
  at[last] = value;
}
