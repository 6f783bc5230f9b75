import { createHmac } from "node:crypto";
import { isSupportedKeyType, parseHostKey } from "./host-key";

/** What a known_hosts file says of one host. */
export interface KnownKeys {
  /** Keys to accept, as "TYPE BASE64", in the file's order, for `Login.hostKeys`. Revoked ones are not among them. */
  keys: string[];
  /** Keys that @revoked lines forbid. */
  revoked: string[];
  /** What was there but could not be used, each with its line: for messages when `keys` is empty. */
  notes: string[];
}

/**
 * Looks a host up in the text of a known_hosts file: plain and hashed names, wildcards and negation, `[host]:port`,
 * @revoked. A key kept for the bare name is taken for another port too if that port has none of its own, as ssh does.
 */
export function lookupKnownHosts(text: string, host: string, port = 22): KnownKeys {
  const name = host.toLowerCase();
  if (port === 22) return lookupName(text, name);
  const exact = lookupName(text, `[${name}]:${port}`);
  if (exact.keys.length > 0) return exact;
  const bare = lookupName(text, name);
  return {
    keys: bare.keys.filter((key) => !exact.revoked.includes(key)),
    revoked: [...exact.revoked, ...bare.revoked],
    notes: [...exact.notes, ...bare.notes],
  };
}

/** The line that teaches a known_hosts file this key. */
export function knownHostsLine(host: string, port: number, key: string): string {
  return `${knownHostsName(host, port)} ${key}`;
}

/** How known_hosts calls a host: its name, or `[name]:port` off port 22. */
export function knownHostsName(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

function lookupName(text: string, name: string): KnownKeys {
  const found: KnownKeys = { keys: [], revoked: [], notes: [] };
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) return;
    const fields = line.split(/\s+/);
    const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
    const [names, type, base64] = fields;
    if (names === undefined || !matches(names, name)) return;
    const where = `line ${index + 1}`;
    if (marker === "@cert-authority") {
      found.notes.push(`${where}: @cert-authority is not supported; add the host's own key`);
      return;
    }
    if (marker !== undefined && marker !== "@revoked") {
      found.notes.push(`${where}: unknown marker ${marker}`);
      return;
    }
    try {
      const key = `${type ?? ""} ${base64 ?? ""}`;
      parseHostKey(key);
      if (marker === "@revoked") found.revoked.push(key);
      else if (isSupportedKeyType(type ?? "")) found.keys.push(key);
      else found.notes.push(`${where}: keys of type ${type} are not supported`);
    } catch (error) {
      found.notes.push(`${where}: ${(error as Error).message}`);
    }
  });
  found.keys = [...new Set(found.keys)].filter((key) => !found.revoked.includes(key));
  return found;
}

function matches(names: string, name: string): boolean {
  if (names.startsWith("|1|")) return matchesHash(names, name);
  const patterns = names.toLowerCase().split(",");
  const hit = (pattern: string): boolean =>
    pattern === name || (/[*?]/.test(pattern) && matchesWildcard(pattern, name));
  if (patterns.some((pattern) => pattern.startsWith("!") && hit(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && hit(pattern));
}

/** `|1|salt|HMAC-SHA1(salt, name)`: the way that keeps the file from listing where one logs in. */
function matchesHash(field: string, name: string): boolean {
  const [, , salt, digest] = field.split("|");
  if (salt === undefined || digest === undefined) return false;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === digest;
}

function matchesWildcard(pattern: string, name: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${expression}$`).test(name);
}
