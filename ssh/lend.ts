/**
 * Lends the connections of this process to another one, which is borrow.ts's side: each host then has one connection, and
 * one login, for both processes. The messages are those of Node's channel between a process and its child.
 */
import type { ExecResult } from "./exec";
import { SshError, type SshErrorKind } from "./error";
import type { Login } from "./login";
import type { Connection } from "./connection";
import type { ConnectionPool, PoolRequest } from "./pool";

/** Messages of another purpose on the same channel have no `ssh`. */
export type Asked =
  | { readonly ssh: "open"; readonly id: number; readonly request: PoolRequest }
  | {
      readonly ssh: "exec";
      readonly id: number;
      /** The id of the request that opened it. */
      readonly connection: number;
      readonly command: string;
      readonly stdin?: string | Buffer | undefined;
    };

export type Answer =
  | { readonly ssh: "opened"; readonly id: number; readonly login: Login; readonly hostKey: string }
  | { readonly ssh: "done"; readonly id: number; readonly result: ExecResult }
  | { readonly ssh: "waiting"; readonly id: number; readonly text: string }
  | {
      readonly ssh: "failed";
      readonly id: number;
      readonly message: string;
      /** Undefined: it is no SshError. */
      readonly kind: SshErrorKind | undefined;
      readonly retryable: boolean;
    };

/**
 * Answers the borrower's messages. @param signal  aborted once the borrower is gone: its commands then end, and the
 * connections stay.
 */
export function lend(
  pool: ConnectionPool,
  send: (answer: Answer) => void,
  signal: AbortSignal,
): (message: unknown) => void {
  const opened = new Map<number, Connection>();
  const answer = async (asked: Asked): Promise<Answer> => {
    const { id } = asked;
    if (asked.ssh === "open") {
      const waiting = (text: string) => send({ ssh: "waiting", id, text });
      const connection = await pool.get(asked.request, signal, waiting);
      opened.set(id, connection);
      return { ssh: "opened", id, login: connection.login, hostKey: connection.hostKey };
    }
    const connection = opened.get(asked.connection);
    if (connection === undefined) throw new Error(`no connection ${asked.connection} was opened`);
    const { command, stdin } = asked;
    return { ssh: "done", id, result: await connection.exec(command, { stdin, signal }) };
  };
  return (message) => {
    if (!isAsked(message)) return;
    answer(message)
      .catch((error: unknown) => failed(message.id, error))
      .then((said) => signal.aborted || send(said))
      .catch(() => undefined); // the borrower is gone
  };
}

function failed(id: number, error: unknown): Answer {
  const { kind, retryable = false } = error instanceof SshError ? error : {};
  const message = error instanceof Error ? error.message : String(error);
  return { ssh: "failed", id, message, kind, retryable };
}

function isAsked(message: unknown): message is Asked {
  const { ssh } = (message ?? {}) as { ssh?: unknown };
  return ssh === "open" || ssh === "exec";
}
