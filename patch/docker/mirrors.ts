import { Refusal } from "../problem";
import { type Source } from "../source";
import { type DockerdFlags, flagProblem } from "./flags";
import { type JsonObject, propertyOf } from "./json-source";

/** The key with the mirrors of Docker Hub. dockerd asks them in their order, and Docker Hub itself last. */
export const MIRRORS_KEY = "registry-mirrors";

/**
 * The mirrors that dockerd does not have yet. A mirror that it has keeps its place in the list.
 * @throws Refusal if the mirrors are flags of dockerd, which does not start with both
 */
export function missingMirrors(
  source: Source,
  object: JsonObject | undefined,
  flags: DockerdFlags["registryMirrors"],
  wanted: readonly string[],
  notes: string[],
): string[] {
  const list = object && propertyOf(object, MIRRORS_KEY)?.children?.[1];
  const entries = list?.children ?? [];
  const missing = wanted.filter((url) => {
    const flag = flags.find(({ value }) => isSame(value, url));
    if (flag !== undefined) {
      notes.push(`${source.path}: the mirror ${url} is given by a flag of dockerd`);
      return false;
    }
    const entry = entries.find(({ value }) => isSame(String(value), url));
    if (entry === undefined) return true;
    const { line } = source.position(entry.offset);
    notes.push(`${source.path}: ${url} is already in ${MIRRORS_KEY}, line ${line}`);
    return false;
  });
  const [flag] = flags;
  if (missing.length > 0 && flag !== undefined) {
    const values = flags.map(({ value }) => value);
    throw new Refusal([flagProblem("registry-mirror", flag.source, values, missing[0] ?? "")]);
  }
  return missing;
}

/** dockerd adds a slash to each mirror that has none. */
function isSame(a: string, b: string): boolean {
  const plain = (url: string): string => url.replace(/\/$/, "").toLowerCase();
  return plain(a) === plain(b);
}
