import { join } from "node:path";
import type { ClientOptions } from "./client-config";
import { type KnownKeys, lookupKnownHosts, revokedKeys } from "./known-hosts";
import { expand, type Surroundings } from "./surroundings";

/** The accepted keys of a host, and the files in which ssh looked for them. */
export interface FoundKeys extends KnownKeys {
  /** The name and the port that the files know it by. */
  name: string;
  port: number;
  /** The user's files, where a new key is written to the first. */
  user: string[];
  /** The machine's files. */
  global: string[];
  /** The list of keys that are never accepted. */
  revokedFile?: string;
}

/**
 * What the files that ssh looks in, by its configuration or by default, together say of a host.
 * @param own stands for the user's files
 * @throws Error for a list of revoked keys that cannot be read.
 */
export function findKeys(
  options: ClientOptions,
  to: { host: string; port: number },
  around: Surroundings,
  own?: string,
): FoundKeys {
  const { userKnownHostsFiles, globalKnownHostsFiles, revokedHostKeys, hostKeyAlias } = options;
  const absolute = (file: string): string => expand(file, around);
  const first = join(around.home, ".ssh", "known_hosts");
  const byDefault = [first, ...(around.read(`${first}2`) === undefined ? [] : [`${first}2`])];
  const files = {
    user: (own === undefined ? (userKnownHostsFiles ?? byDefault) : [own]).map(absolute),
    global: (
      globalKnownHostsFiles ?? ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]
    ).map(absolute),
    ...(revokedHostKeys !== undefined && { revokedFile: absolute(revokedHostKeys) }),
  };
  // As for OpenSSH, an alias replaces the address and the port.
  const name = hostKeyAlias ?? to.host;
  const port = hostKeyAlias === undefined ? to.port : 22;
  const texts = [...files.user, ...files.global].flatMap((path) => {
    const text = around.read(path);
    return text === undefined ? [] : [{ path, text }];
  });
  const found = { ...files, ...lookupKnownHosts(texts, name, port), name, port };
  const { revokedFile } = found;
  if (revokedFile === undefined) return found;
  const text = around.read(revokedFile);
  // As in ssh: without the list, no key is known to be safe.
  if (text === undefined) throw new Error(`RevokedHostKeys ${revokedFile}: there is no such file`);
  const revoked = [...found.revoked, ...revokedKeys({ path: revokedFile, text })];
  return { ...found, keys: found.keys.filter((key) => !revoked.includes(key)), revoked };
}
