import { createHash, type Hash } from "node:crypto";

/** The number of results that are kept. A fleet has few different configurations, and a plan is small. */
const LIMIT = 100;

/**
 * Remembers the results of a function that depends on nothing but its input. The nodes of a cluster mostly have the same
 * files, and each is planned for more than once in a run: reading and checking a configuration takes most of a plan's
 * time. Errors are not remembered.
 */
export function remembered<Input, Result>(
  work: (input: Input) => Result,
): (input: Input) => Result {
  const results = new Map<string, Result>();
  return (input) => {
    const hash = createHash("sha256");
    feed(hash, input);
    const key = hash.digest("base64");
    const known = results.get(key);
    if (known !== undefined) return known;
    const result = work(input);
    const [oldest] = results.keys();
    if (results.size >= LIMIT && oldest !== undefined) results.delete(oldest);
    results.set(key, result);
    return result;
  };
}

/** Each value with its kind and its length, so that no two inputs give the same bytes. */
function feed(hash: Hash, value: unknown): void {
  if (value instanceof Uint8Array) {
    hash.update(`bytes ${value.length} `).update(value);
  } else if (value instanceof Map) {
    feed(hash, [...value]);
  } else if (Array.isArray(value)) {
    hash.update(`list ${value.length} `);
    for (const item of value) feed(hash, item);
  } else if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    hash.update(`object ${entries.length} `);
    for (const entry of entries) feed(hash, entry);
  } else {
    const text = String(value);
    hash.update(`${typeof value} ${text.length} ${text}`);
  }
}
