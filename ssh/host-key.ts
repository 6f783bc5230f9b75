import { createHash } from "node:crypto";

/** One public key of a server: the type in the key itself, and the bytes on the wire. */
export interface HostKey {
  type: string;
  blob: Buffer;
}

/**
 * Parses "ssh-ed25519 AAAA... comment".
 * @throws Error that says what is wrong with the line; the caller knows the line's source
 */
export function parseHostKey(line: string): HostKey {
  const [type, base64] = line.trim().split(/\s+/);
  if (type === undefined || type === "" || base64 === undefined) {
    throw new Error(
      `not a host key: expected "TYPE BASE64" as in "ssh-ed25519 AAAAC3Nz...", found ${JSON.stringify(shorten(line))}`,
    );
  }
  const blob = Buffer.from(base64, "base64");
  if (blob.length < 8 || blob.toString("base64").replace(/=+$/, "") !== base64.replace(/=+$/, "")) {
    throw new Error(`not a host key: the part after "${type}" is not base64 of a key`);
  }
  const inner = keyType(blob);
  if (inner !== type) {
    throw new Error(`not a host key: the line says "${type}", the key itself says "${inner}"`);
  }
  return { type, blob };
}

/** The key as "TYPE BASE64", the form of known_hosts and of `Login.hostKeys`. */
export function formatHostKey(blob: Buffer): string {
  return `${keyType(blob)} ${blob.toString("base64")}`;
}

/** `SHA256:...`, as in the output of ssh and ssh-keygen -l. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** The algorithm name at the start of a key's bytes (RFC 4253, 6.6). */
export function keyType(blob: Buffer): string {
  const length = blob.length < 4 ? 0 : blob.readUInt32BE(0);
  return blob.subarray(4, 4 + length).toString("latin1");
}

/** The host key algorithms for each type of key. An RSA key has three, with SHA-1 last. */
const PROVEN_BY: Record<string, readonly string[]> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
};

/** Whether this client can check keys of the type. It cannot check security keys (sk-*) and certificates. */
export function isSupportedKeyType(type: string): boolean {
  return Object.hasOwn(PROVEN_BY, type);
}

/**
 * The algorithms to request, so that the server shows a key of a known type. A server has one key of each type, and one
 * of another type would look like an impostor's key.
 */
export function algorithmsFor(keys: readonly HostKey[]): string[] {
  return [...new Set(keys.flatMap((key) => PROVEN_BY[key.type] ?? []))];
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
