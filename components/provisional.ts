import { SettingsError } from "../settings/problem";

/** Paths of names, which identify hosts: they must be known from the start. */
const NAMES = /^(nodes|nodes\[\d+\]|registry|nodes\[\d+\]\.name|registry\.host)$/;

/**
 * Replaces required values that are not known yet by placeholders, so that everything else is checked. A host with a
 * placeholder is not observed.
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

/** The placeholder for a required value; undefined for an optional one, which is left out. */
function standIn(path: string, index: number): unknown {
  if (path.endsWith(".address")) return `not-known-yet-${index}.invalid`;
  if (path.endsWith(".role")) return "worker";
  if (/^mirrors.*(\]|\.url)$/.test(path)) return `http://not-known-yet-${index}.invalid`;
  if (/^caches\[\d+\]\.upstream$/.test(path)) return `http://not-known-yet-${index}.invalid`;
  if (path === "gcTimer.onCalendar") return "daily";
  if (path === "docker.packages") return "/not-known-yet";
  return undefined;
}

/** Sets the value at a path such as `nodes[1].address` or `mirrors["docker.io"][0]`. */
function put(target: object, path: string, value: unknown): void {
  const keys = [...path.matchAll(/\["([^"]*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, plain]) => quoted ?? (index === undefined ? (plain ?? "") : Number(index)),
  );
  const last = keys.pop() ?? "";
  let at = target as Record<string | number, unknown>;
  for (const key of keys) at = (at[key] ??= {}) as Record<string | number, unknown>;
  at[last] = value;
}

/** @throws SettingsError if it is not known yet from which cluster the nodes come: they identify hosts. */
export function requireKnownSource(unknown: readonly string[]): void {
  const paths = unknown.filter((path) => /^nodes\.\w+$/.test(path));
  const reason =
    "expected a value that is known before any resource is created, found one that is not known yet";
  if (paths.length > 0) throw new SettingsError(paths.map((path) => ({ path, reason })));
}
