import type { Duplex, Readable } from "node:stream";
import type { Client, SFTPWrapper } from "ssh2";
import { checkLogin, connectTcp, logIn } from "./dial";
import { SshError } from "./error";
import { exec } from "./exec";
import type { ExecOptions, ExecResult } from "./exec";
import { parseHostKey } from "./host-key";
import { HostVerification } from "./host-verification";
import { describeLogin, endpoint } from "./login";
import type { Login } from "./login";
import { withPatience } from "./patience";
import type { PatienceOptions } from "./patience";
import { SessionGate } from "./session-gate";

export interface OpenOptions extends PatienceOptions {
  /** How long one TCP connection may take, in seconds; 0 for the system's own limit. @default the login's */
  connectSeconds?: number;
  /** The same for the bastion. @default the values for the host itself */
  proxy?: OpenOptions;
}

const CONNECT_SECONDS = 15;

/** The part of a connection that runs commands. The connection can be another process's, see borrow.ts. */
export interface CommandRunner {
  readonly login: Login;
  /** The host key that the server showed, as "TYPE BASE64". */
  readonly hostKey: string;
  /** See `Connection.exec`. */
  exec(command: string, options?: Pick<ExecOptions, "stdin">): Promise<ExecResult>;
  close(): void;
}

/** A command's standard input and output, with its standard error. */
export type CommandStream = Duplex & { readonly stderr: Readable };

/**
 * One SSH connection to one host, for any number of commands, files and forwarded connections, until `close`.
 * Keepalives detect a dead link within a minute.
 */
export class Connection implements CommandRunner {
  private broken: SshError | undefined;
  private closed = false;
  private readonly sessions = new SessionGate();
  private readonly environment = new Map<string, Promise<boolean>>();

  private constructor(
    readonly login: Login,
    private readonly client: Client,
    /** The host key that the server showed, as "TYPE BASE64". */
    readonly hostKey: string,
    private readonly bastion: Connection | undefined,
  ) {
    client.on("error", (error) => this.markBroken(error));
    client.on("close", () => {
      this.markBroken(new Error("the server closed the connection"));
      this.bastion?.close();
    });
  }

  /**
   * Connects and logs in. The host key is checked before anything is sent, and each way to log in is offered once. Only
   * a host that does not answer yet is tried again, within `waitSeconds` (or `dialErrorLimit`).
   * @throws SshError, or the signal's reason
   */
  static async open(login: Login, options: OpenOptions = {}): Promise<Connection> {
    checkLogin(login);
    const bastion =
      login.proxy === undefined
        ? undefined
        : await Connection.open(login.proxy, { ...options, ...options.proxy });
    try {
      return await withPatience(login, options, async () => {
        const seconds = options.connectSeconds ?? login.limits?.connectSeconds ?? CONNECT_SECONDS;
        const stream =
          bastion === undefined
            ? await connectTcp(login, seconds, options.signal)
            : await bastion.reach(login, seconds);
        const { client, hostKey } = await logIn(login, stream, options.signal);
        return new Connection(login, client, hostKey, bastion);
      });
    } catch (error) {
      bastion?.close();
      throw error;
    }
  }

  /** False after the connection was closed or lost. */
  get isOpen(): boolean {
    return !this.closed && this.broken === undefined;
  }

  /** Whether a login accepts the keys that the host and its bastion have shown. @throws SshError if it has no usable key */
  isTrustedBy(login: Login): boolean {
    return (
      new HostVerification(login).accept(parseHostKey(this.hostKey).blob) &&
      (login.proxy === undefined || this.bastion?.isTrustedBy(login.proxy) === true)
    );
  }

  /**
   * Runs a command in the user's login shell, without a terminal. An exit code other than 0 is not an error here. If
   * the server's limit of concurrent commands is reached, the command waits.
   * @throws SshError of kind `lost` if the connection breaks before the end of the command, whose result is then
   * unknown
   */
  async exec(command: string, options: ExecOptions = {}): Promise<ExecResult> {
    this.assertOpen();
    try {
      const result = await this.sessions.run(
        () => exec(this.client, command, options),
        (error) => isRefusedChannel(error) && this.isOpen,
      );
      if (result.code === undefined && result.signal === undefined) await this.settled();
      return result;
    } catch (error) {
      if (options.signal?.aborted === true) throw error;
      throw await this.explain(error, "could not start a command");
    }
  }

  /** True if the server lets a client set this environment variable (AcceptEnv in sshd_config). Asked once for each name. */
  acceptsEnvironment(name: string): Promise<boolean> {
    let answer = this.environment.get(name);
    if (answer === undefined) {
      answer = this.askEnvironment(name);
      answer.catch(() => this.environment.delete(name));
      this.environment.set(name, answer);
    }
    return answer;
  }

  /** Opens a TCP connection from the server to `host`:`port`. @throws SshError of kind `forward-refused`. */
  forward(host: string, port: number): Promise<Duplex> {
    return this.openForward(
      endpoint({ host, port }),
      "is it listening, and does sshd allow AllowTcpForwarding?",
      (done) => this.client.forwardOut("127.0.0.1", 0, host, port, done),
    );
  }

  /** Connects to a Unix socket on the server. @throws SshError of kind `forward-refused`. */
  forwardUnix(path: string): Promise<Duplex> {
    return this.openForward(
      path,
      `does it exist, may ${this.login.user} use it, and does sshd allow AllowStreamLocalForwarding?`,
      (done) => this.client.openssh_forwardOutStreamLocal(path, done),
    );
  }

  /**
   * Starts a command whose standard input and output are the stream. The end of the stream does not end the command or
   * the stream: `destroy` does.
   */
  async stream(command: string): Promise<CommandStream> {
    this.assertOpen();
    try {
      return await new Promise<CommandStream>((resolve, reject) => {
        this.client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel)));
      });
    } catch (error) {
      throw await this.explain(error, "could not start a command");
    }
  }

  /** Closes the connection, and the one to the bastion. Commands that still run are interrupted. */
  close(): void {
    this.closed = true;
    this.client.end();
    this.bastion?.close();
  }

  /** A stream to the target's port, from the bastion. */
  private async reach(target: Login, seconds: number): Promise<Duplex> {
    const through = `the bastion ${describeLogin(this.login)}`;
    try {
      // The bastion itself gives up only when its kernel does, which takes minutes.
      return await within(seconds, this.forward(target.host, target.port), () => {
        const why = `no answer within ${seconds} s through ${through}`;
        return new SshError("unreachable", `${describeLogin(target)}: ${why}`, { retryable: true });
      });
    } catch (error) {
      if (!(error instanceof SshError) || error.kind !== "forward-refused") throw error;
      const reason = (error.cause as { reason?: number } | undefined)?.reason;
      if (reason === CONNECT_FAILED) {
        throw new SshError(
          "unreachable",
          `${describeLogin(target)}: ${through} cannot connect to it (${causeText(error)})`,
          { cause: error, retryable: true },
        );
      }
      throw error;
    }
  }

  private async openForward(
    to: string,
    advice: string,
    start: (done: (error: Error | undefined, channel: Duplex) => void) => void,
  ): Promise<Duplex> {
    this.assertOpen();
    try {
      return await new Promise<Duplex>((resolve, reject) => {
        start((error, channel) => (error ? reject(error) : resolve(channel)));
      });
    } catch (error) {
      await this.settled();
      throw new SshError(
        "forward-refused",
        `${describeLogin(this.login)}: no connection to ${to} from there (${message(error)}); ${advice}`,
        { cause: error },
      );
    }
  }

  private startSftp(environment?: Record<string, string>): Promise<SFTPWrapper> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | undefined, sftp: SFTPWrapper): void =>
        error ? reject(error) : resolve(sftp);
      if (environment === undefined) {
        this.client.sftp(done);
        return;
      }
      // ssh2 has an argument for the environment that its types lack.
      const client = this.client as unknown as {
        sftp(environment: Record<string, string>, callback: typeof done): void;
      };
      client.sftp(environment, done);
    });
  }

  /**
   * Asks whether the server accepts an environment variable. The library sends a command's environment without asking
   * for an answer. Only a start of file transfer waits for one, so the name is tried there.
   */
  private async askEnvironment(name: string): Promise<boolean> {
    this.assertOpen();
    try {
      const sftp = await this.startSftp({ [name]: "" });
      sftp.end();
      return true;
    } catch (error) {
      await this.settled();
      return !/set environment/i.test(message(error));
    }
  }

  private assertOpen(): void {
    if (this.broken !== undefined) throw this.broken;
    if (this.closed) {
      throw new SshError("lost", `${describeLogin(this.login)}: the connection was closed here`);
    }
  }

  /** Channels fail a moment before the connection does. Waits for that moment, and throws if the connection is lost. */
  private async settled(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.broken !== undefined) throw this.broken;
  }

  private async explain(error: unknown, what: string): Promise<Error> {
    if (error instanceof SshError) return error;
    await this.settled();
    return new Error(`${describeLogin(this.login)}: ${what}: ${message(error)}`, { cause: error });
  }

  private markBroken(cause: Error): void {
    if (this.broken !== undefined || this.closed) return;
    this.broken = new SshError(
      "lost",
      `${describeLogin(this.login)}: the connection was lost (${cause.message})`,
      { cause },
    );
  }
}

/** RFC 4254, 5.1: SSH_OPEN_CONNECT_FAILED. OpenSSH also answers with it if its session table is full. */
const CONNECT_FAILED = 2;

function isRefusedChannel(error: unknown): boolean {
  return (error as { reason?: unknown }).reason === CONNECT_FAILED;
}

function message(error: unknown): string {
  return error instanceof Error
    ? error.message.replace("(SSH) Channel open failure: ", "")
    : String(error);
}

function causeText(error: SshError): string {
  return message(error.cause);
}

/** The stream, or after so many seconds (0: never) an error. A stream that comes later is closed. */
async function within(
  seconds: number,
  opening: Promise<Duplex>,
  late: () => Error,
): Promise<Duplex> {
  if (seconds === 0) return opening;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      opening.then(
        (stream) => stream.destroy(),
        () => undefined,
      );
      reject(late());
    }, seconds * 1000);
  });
  try {
    return await Promise.race([opening, limit]);
  } finally {
    clearTimeout(timer);
  }
}
