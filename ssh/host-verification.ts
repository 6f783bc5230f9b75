import { SshError } from "./error";
import {
  algorithmsFor,
  fingerprint,
  formatHostKey,
  isSupportedKeyType,
  keyType,
  parseHostKey,
} from "./host-key";
import type { HostKey } from "./host-key";
import { knownHostsName } from "./known-hosts";
import { describeLogin } from "./login";
import type { Login } from "./login";

/**
 * Checks the key that a server shows against the keys that a login accepts. Each attempt to connect needs a new one.
 */
export class HostVerification {
  private readonly known: HostKey[];
  private readonly revoked: HostKey[];
  private shownKey: Buffer | undefined;

  /** @throws SshError of kind `host-key` if there is no usable key for the check, before anything is sent */
  constructor(private readonly login: Login) {
    const parse = (line: string): HostKey => {
      try {
        return parseHostKey(line);
      } catch (error) {
        throw new SshError("host-key", `${describeLogin(login)}: ${(error as Error).message}`, {
          cause: error,
        });
      }
    };
    this.known = (login.hostKeys ?? []).map(parse);
    this.revoked = (login.revokedHostKeys ?? []).map(parse);
    if (login.hostKeyPolicy === "accept-any") return;
    if (this.known.length === 0) {
      throw new SshError(
        "host-key",
        `${describeLogin(login)}: no host key is known to check this host by. Compare the output of ` +
          `\`ssh-keyscan ${scanArguments(login)}\` with the host's own ` +
          `\`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\`, and add the line to known_hosts.`,
      );
    }
    if (!this.known.some((key) => isSupportedKeyType(key.type))) {
      throw new SshError(
        "host-key",
        `${describeLogin(login)}: the known host keys are of types that cannot be checked here ` +
          `(${this.known.map((key) => key.type).join(", ")}); add the host's ssh-ed25519, ecdsa or rsa key`,
      );
    }
  }

  /** Host key algorithms to request: only those of the known keys. Undefined for the library's default. */
  get algorithms(): string[] | undefined {
    return this.login.hostKeyPolicy === "accept-any" ? undefined : algorithmsFor(this.known);
  }

  /** Whether the login accepts `key`. */
  accept(key: Buffer): boolean {
    this.shownKey = key;
    if (this.isRevoked(key)) return false;
    if (this.login.hostKeyPolicy === "accept-any") return true;
    return this.known.some((known) => known.blob.equals(key));
  }

  /** The key that the server showed, as "TYPE BASE64". */
  get shown(): string | undefined {
    return this.shownKey === undefined ? undefined : formatHostKey(this.shownKey);
  }

  /** The error for a shown key that was not accepted; undefined if there was none. */
  get mismatch(): SshError | undefined {
    if (this.shownKey === undefined || this.accept(this.shownKey)) return undefined;
    if (this.isRevoked(this.shownKey)) {
      return new SshError(
        "host-key",
        `${describeLogin(this.login)}: the host shows a revoked key, so nothing was sent.\n` +
          `  found:    ${keyType(this.shownKey)} ${fingerprint(this.shownKey)}, @revoked in known_hosts (or in RevokedHostKeys)\n` +
          "Whoever has a copy of this key can pretend to be the host: give the host a new one (remove " +
          "/etc/ssh/ssh_host_*, then `ssh-keygen -A` there) and put the new key into known_hosts.",
      );
    }
    return new SshError(
      "host-key",
      `${describeLogin(this.login)}: the host key is not the known one, so nothing was sent.\n` +
        `  expected: ${this.expected()}\n` +
        `  found:    ${keyType(this.shownKey)} ${fingerprint(this.shownKey)}\n` +
        this.advice(),
    );
  }

  /** The error for a server that has no key of a known type. */
  noKnownType(cause: unknown): SshError {
    return new SshError(
      "host-key",
      `${describeLogin(this.login)}: the host has no key of the known type, so nothing was sent.\n` +
        `  expected: ${this.expected()}\n` +
        `  found:    only keys of other types (\`ssh-keyscan ${scanArguments(this.login)}\` lists them)\n` +
        this.advice(),
      { cause },
    );
  }

  private isRevoked(key: Buffer): boolean {
    return this.revoked.some(({ blob }) => blob.equals(key));
  }

  private expected(): string {
    return this.known.map((key) => `${key.type} ${fingerprint(key.blob)}`).join(", or ");
  }

  private advice(): string {
    const name = knownHostsName(this.login.host, this.login.port);
    return (
      "Either somebody intercepts the connection, or the host was reinstalled. Find out which. If it was reinstalled, remove the old key " +
      `with \`ssh-keygen -R '${name}'\` (-f FILE for another known_hosts file) and add the new one.`
    );
  }
}

function scanArguments(login: Login): string {
  return login.port === 22 ? login.host : `-p ${login.port} ${login.host}`;
}
