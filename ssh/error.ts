/**
 * The kinds of connection errors:
 * - `unreachable`: no SSH server answered at the address (refused, no route, name not found, silence);
 * - `authentication`: the server refused the login, or the given key cannot be used;
 * - `host-key`: the server is not the expected one, or there is no key to check it with;
 * - `timeout`: connected, but the login did not finish in time;
 * - `lost`: an open connection broke;
 * - `forward-refused`: the server would not open a connection from its side.
 */
export type SshErrorKind =
  "unreachable" | "authentication" | "host-key" | "timeout" | "lost" | "forward-refused";

/** A connection error. The message names host, address and user, and says what to do. It never contains a secret. */
export class SshError extends Error {
  constructor(
    readonly kind: SshErrorKind,
    message: string,
    options: ErrorOptions & {
      /**
       * Whether a later attempt may help because the server may still be starting. Never true for a refused login or
       * host key.
       */
      retryable?: boolean;
    } = {},
  ) {
    super(message, options);
    this.name = "SshError";
    this.retryable = options.retryable ?? false;
  }

  readonly retryable: boolean;
}
