/**
 * What went wrong with a connection:
 * - `unreachable`: nothing answered at the address as an SSH server (refused, no route, name not found, silence);
 * - `authentication`: the server refused the login, or the key given cannot be used;
 * - `host-key`: the server is not the one that was expected, or no key was given to check it by;
 * - `timeout`: connected, but the login did not finish in time;
 * - `lost`: a connection that was up broke;
 * - `forward-refused`: the server would not open a connection from its side.
 */
export type SshErrorKind =
  "unreachable" | "authentication" | "host-key" | "timeout" | "lost" | "forward-refused";

/** A failure of a connection. The message names host, address and user and says what to do; it never holds a secret. */
export class SshError extends Error {
  constructor(
    readonly kind: SshErrorKind,
    message: string,
    options: ErrorOptions & {
      /** Trying again later may help: the server may still be starting. Never true for a refused login or host key. */
      retryable?: boolean;
    } = {},
  ) {
    super(message, options);
    this.name = "SshError";
    this.retryable = options.retryable ?? false;
  }

  readonly retryable: boolean;
}
