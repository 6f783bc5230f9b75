import { createHmac } from "node:crypto";
import { isSupportedKeyType, parseHostKey } from "./host-key";
import { matchesPatterns } from "./patterns";

/** The path and text of a known_hosts file. */
export interface KnownHostsFile {
  path: string;
  text: string;
}

/** The keys in known_hosts files for one host. */
export interface KnownKeys {
  /** Accepted keys, as "TYPE BASE64", in the files' order, for `Login.hostKeys`. Revoked keys are not among them. */
  keys: string[];
  /** Keys that @revoked lines forbid, even if other lines accept them. */
  revoked: string[];
  /** Lines that could not be used, with their file and number, for messages if `keys` is empty. */
  notes: string[];
}

/**
 * Looks a host up in known_hosts files: plain and hashed names, wildcards and negation, `[host]:port`, @revoked. As in
 * ssh, a key for the bare name also counts for another port that has no key of its own. A key that one file revokes is
 * revoked in all files, and for every port of the host.
 */
export function lookupKnownHosts(
  files: readonly KnownHostsFile[],
  host: string,
  port = 22,
): KnownKeys {
  const name = host.toLowerCase();
  const exact = lookupName(files, knownHostsName(name, port));
  const bare = port === 22 ? exact : lookupName(files, name);
  const revoked = [...new Set([...exact.revoked, ...bare.revoked])];
  const found = exact.listed ? exact : bare;
  return {
    keys: [...new Set(found.keys)].filter((key) => !revoked.includes(key)),
    revoked,
    notes: [...new Set([...exact.notes, ...bare.notes])],
  };
}

/** The line for this key in a known_hosts file. */
export function knownHostsLine(host: string, port: number, key: string): string {
  return `${knownHostsName(host, port)} ${key}`;
}

/** The name of a host in known_hosts: its name, or `[name]:port` for other ports than 22. */
export function knownHostsName(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

function lookupName(
  files: readonly KnownHostsFile[],
  name: string,
): KnownKeys & { listed: boolean } {
  const found: KnownKeys = { keys: [], revoked: [], notes: [] };
  for (const { path, text } of files) {
    text.split(/\r?\n/).forEach((raw, index) => {
      const line = raw.trim();
      if (line === "" || line.startsWith("#")) return;
      readLine(line.split(/\s+/), name, `${path} line ${index + 1}`, found);
    });
  }
  return { ...found, listed: found.keys.length > 0 };
}

function readLine(fields: string[], name: string, where: string, found: KnownKeys): void {
  const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
  const [names, type, base64] = fields;
  if (names === undefined || !matches(names, name)) return;
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
    if (marker === "@revoked") {
      found.revoked.push(key);
      found.notes.push(`${where}: a key is @revoked`);
    } else if (isSupportedKeyType(type ?? "")) found.keys.push(key);
    else found.notes.push(`${where}: keys of type ${type} are not supported`);
  } catch (error) {
    found.notes.push(`${where}: ${(error as Error).message}`);
  }
}

/**
 * The keys that a RevokedHostKeys file forbids for every host, one per line.
 * @throws Error for a list in OpenSSH's binary form, and for a line that is not a key, because a revocation is never
 * ignored
 */
export function revokedKeys({ path, text }: KnownHostsFile): string[] {
  if (text.startsWith("SSHKRL"))
    throw new Error(
      `RevokedHostKeys ${path}: expected a list of public keys, found a KRL (ssh-keygen -k): write the keys one a line`,
    );
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (/^\s*(#|$)/.test(line)) return [];
    try {
      parseHostKey(line);
    } catch (error) {
      throw new Error(`${path} line ${index + 1}: ${(error as Error).message}`, { cause: error });
    }
    return [line.trim().split(/\s+/).slice(0, 2).join(" ")];
  });
}

function matches(names: string, name: string): boolean {
  if (names.startsWith("|1|")) return matchesHash(names, name);
  return matchesPatterns(names.toLowerCase().split(","), name);
}

/** `|1|salt|HMAC-SHA1(salt, name)`: this form hides the hosts' names in the file. */
function matchesHash(field: string, name: string): boolean {
  const [, , salt, digest] = field.split("|");
  if (salt === undefined || digest === undefined) return false;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === digest;
}
