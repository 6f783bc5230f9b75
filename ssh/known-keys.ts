import { join } from "node:path";
import type { ClientOptions } from "./client-config";
import type { ReadFile } from "./identity";
import { type KnownKeys, lookupKnownHosts, revokedKeys } from "./known-hosts";

/** The files with host keys. */
export interface HostKeyFiles {
  /** The user's files. A new key is written to the first of them. */
  user: string[];
  /** The machine's files. */
  global: string[];
  /** A list of keys that are never accepted. */
  revoked?: string;
}

/** The files that ssh reads, from its configuration or by default. */
export function hostKeyFiles(
  options: Pick<ClientOptions, "userKnownHostsFiles" | "globalKnownHostsFiles" | "revokedHostKeys">,
  home: string,
  read: ReadFile,
): HostKeyFiles {
  const own = join(home, ".ssh", "known_hosts");
  const second = `${own}2`;
  const { userKnownHostsFiles, globalKnownHostsFiles, revokedHostKeys } = options;
  return {
    user: userKnownHostsFiles ?? [own, ...(read(second) === undefined ? [] : [second])],
    global: globalKnownHostsFiles ?? ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"],
    ...(revokedHostKeys !== undefined && { revoked: revokedHostKeys }),
  };
}

/**
 * The keys of a host in all these files.
 * @throws Error if a list of revoked keys cannot be read
 */
export function knownKeys(
  files: HostKeyFiles,
  name: string,
  port: number,
  read: ReadFile,
): KnownKeys {
  const texts = [...files.user, ...files.global].flatMap((path) => {
    const text = read(path);
    return text === undefined ? [] : [{ path, text }];
  });
  const found = lookupKnownHosts(texts, name, port);
  if (files.revoked === undefined) return found;
  const text = read(files.revoked);
  // As in ssh: without the list, no key is known to be safe.
  if (text === undefined)
    throw new Error(`RevokedHostKeys ${files.revoked}: there is no such file`);
  const revoked = [...found.revoked, ...revokedKeys({ path: files.revoked, text })];
  return { ...found, keys: found.keys.filter((key) => !revoked.includes(key)), revoked };
}
