/**
 * Opens connections for commands: those of the process that runs this program, where it lends them (see lend.ts), else
 * connections of this process.
 */
import { Connection, type CommandRunner, type OpenOptions } from "./connection";
import { SshError } from "./error";
import type { ExecResult } from "./exec";
import type { Answer, Asked } from "./lend";
import type { Login } from "./login";
import type { ConnectionPool } from "./pool";

/** The way to the process that lends. */
export interface Lender {
  send(message: Asked): void;
  listen(listener: (message: unknown) => void): void;
  /** While true, this process stays alive for an answer. */
  hold(isAwaited: boolean): void;
}

/** Where the process that lends leaves the way to it. The number is that of the messages' form. */
export const LENDER = Symbol.for("cluster-registry.ssh.1");

/** Connections of one lender. */
export class Borrower {
  private readonly asked = new Map<number, (answer: Answer) => void>();
  private ids = 0;

  constructor(private readonly lender: Lender) {
    lender.listen((message) => this.take(message as Answer));
  }

  /** @throws SshError */
  async open(
    login: Login,
    { waitSeconds, onWaiting }: Pick<OpenOptions, "waitSeconds" | "onWaiting">,
  ): Promise<CommandRunner> {
    const request = { login, options: waitSeconds === undefined ? {} : { waitSeconds } };
    const connection = ++this.ids;
    const opened = await this.ask({ ssh: "open", id: connection, request }, onWaiting);
    if (opened.ssh !== "opened") throw new Error(`expected a connection, found ${opened.ssh}`);
    const { hostKey } = opened;
    const exec: CommandRunner["exec"] = async (command, { stdin } = {}) => {
      const id = ++this.ids;
      const done = await this.ask({ ssh: "exec", id, connection, command, stdin });
      if (done.ssh !== "done") throw new Error(`expected a result, found ${done.ssh}`);
      return outputOf(done.result);
    };
    // It stays open for whoever needs it next.
    return { login, hostKey, exec, close: () => undefined };
  }

  private ask(message: Asked, onWaiting?: (text: string) => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.asked.set(message.id, (answer) => {
        if (answer.ssh === "waiting") return onWaiting?.(answer.text);
        this.asked.delete(message.id);
        if (this.asked.size === 0) this.lender.hold(false);
        if (answer.ssh === "failed") reject(errorOf(answer));
        else resolve(answer);
      });
      this.lender.hold(true);
      this.lender.send(message);
    });
  }

  private take(answer: Answer): void {
    this.asked.get(answer.id)?.(answer);
  }
}

/** True if another process lends its connections: the embedded engine runs this program. */
export const isLent = (): boolean => (globalThis as { [LENDER]?: Lender })[LENDER] !== undefined;

let borrower: Borrower | undefined;

/** Opens a connection for commands, which the caller closes. It fails with an SshError. */
export type OpenForCommands = (
  login: Login,
  options?: Pick<OpenOptions, "waitSeconds" | "onWaiting">,
) => Promise<CommandRunner>;

/**
 * A connection for commands, which the caller closes.
 * @throws SshError
 */
export const openForCommands: OpenForCommands = (login, options = {}) => {
  const lender = (globalThis as { [LENDER]?: Lender })[LENDER];
  if (lender === undefined) return Connection.open(login, options);
  borrower ??= new Borrower(lender);
  return borrower.open(login, options);
};

/** The same over the connections of a pool, which stay open. */
export function openFrom(pool: ConnectionPool): OpenForCommands {
  const never = new AbortController().signal;
  return async (login, { waitSeconds, onWaiting = () => undefined } = {}) => {
    const options = waitSeconds === undefined ? {} : { waitSeconds };
    const connection = await pool.get({ login, options }, never, onWaiting);
    const exec: CommandRunner["exec"] = (command, given) => connection.exec(command, given);
    return { login, hostKey: connection.hostKey, exec, close: () => undefined };
  };
}

/** The channel turns a Buffer into plain bytes. */
const outputOf = ({ stdout, stderr, ...how }: ExecResult): ExecResult => ({
  ...how,
  stdout: Buffer.from(stdout),
  stderr: Buffer.from(stderr),
});

function errorOf({ kind, message, retryable }: Answer & { ssh: "failed" }): Error {
  return kind === undefined ? new Error(message) : new SshError(kind, message, { retryable });
}
