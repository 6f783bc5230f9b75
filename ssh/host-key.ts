import { createHash } from "node:crypto";

/** One public key of a server: its type as the key itself names it, and its bytes on the wire. */
export interface HostKey {
  type: string;
  blob: Buffer;
}

/**
 * Reads "ssh-ed25519 AAAA... comment".
 * @throws Error that says what is wrong with the line; the caller knows where the line came from.
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

/** `SHA256:...`, as ssh and ssh-keygen -l print it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** The algorithm name that a key's bytes begin with (RFC 4253, 6.6). */
export function keyType(blob: Buffer): string {
  const length = blob.length < 4 ? 0 : blob.readUInt32BE(0);
  return blob.subarray(4, 4 + length).toString("latin1");
}

/** Host key algorithms that can prove each type of key. An RSA key has three, the SHA-1 one last. */
const PROVEN_BY: Record<string, readonly string[]> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
};

/** True for key types that this client can check. Security keys (sk-*) and certificates are not among them. */
export function isSupportedKeyType(type: string): boolean {
  return Object.hasOwn(PROVEN_BY, type);
}

/**
 * What to ask the server for, so that it shows the kind of key that we know: a server has one key of each type, and
 * one of another type would look like an impostor's.
 */
export function algorithmsFor(keys: readonly HostKey[]): string[] {
  return [...new Set(keys.flatMap((key) => PROVEN_BY[key.type] ?? []))];
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
