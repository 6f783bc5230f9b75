/** A stack's configuration in an archive. */
export interface ArchivedSettings {
  readonly settings: Readonly<Record<string, unknown>>;
  /** The paths of the secret values, which are not in `settings`. */
  readonly secretsLeftOut: readonly string[];
}

/** Settings that are secrets even if somebody stored them in plain text. */
const SECRET_NAMES = ["privateKey", "privateKeyPassphrase", "password"];

/**
 * Leaves secret values out.
 *
 * @param secrets the secret strings in the configuration: whole values, or texts in them
 */
export function withoutSecrets(
  values: Readonly<Record<string, unknown>>,
  secrets: ReadonlySet<string>,
): ArchivedSettings {
  const secretsLeftOut: string[] = [];
  const isSecret = (name: string, value: unknown) =>
    SECRET_NAMES.includes(name) || secrets.has(textOf(value));
  const open = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) {
      const items: unknown[] = value;
      return items.map((item, index) => kept(String(index), item, `${path}[${index}]`) ?? null);
    }
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(
      ([name, item]) => [name, kept(name, item, path === "" ? name : `${path}.${name}`)] as const,
    );
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  };
  const kept = (name: string, value: unknown, path: string): unknown => {
    if (!isSecret(name, value)) return open(value, path);
    secretsLeftOut.push(path);
    return undefined;
  };
  return { settings: open(values, "") as Record<string, unknown>, secretsLeftOut };
}

/** As the configuration has it: objects and lists as JSON. */
const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** The lines of a difference between two configurations, without secrets; empty if they are equal. */
export function settingsDifference(
  then: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): string[] {
  const [before, after] = [flat(then), flat(now)];
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    const [old, current] = [before.get(path), after.get(path)];
    if (old === current) return [];
    return [`${path}: ${old ?? "not set"} in the backup, ${current ?? "not set"} now`];
  });
}

/** Each plain value by its path, as JSON. */
function flat(value: unknown, path = "", found = new Map<string, string>()): Map<string, string> {
  if (Array.isArray(value) && value.length > 0)
    value.forEach((item, index) => flat(item, `${path}[${index}]`, found));
  else if (typeof value === "object" && value !== null && Object.keys(value).length > 0)
    for (const [name, item] of Object.entries(value))
      flat(item, path === "" ? name : `${path}.${name}`, found);
  else if (path !== "") found.set(path, JSON.stringify(value));
  return found;
}
