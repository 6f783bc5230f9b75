import type { Client, ClientChannel } from "ssh2";

export interface ExecOptions {
  /** The command's standard input, which is closed afterwards. @default empty */
  stdin?: string | Buffer;
  /** Called with each piece of output as it arrives. The result always contains all output. */
  onStdout?: (chunk: Buffer) => void;
  onStderr?: (chunk: Buffer) => void;
  /**
   * If aborted, the command gets SIGTERM, its channel is closed, and the call rejects with the signal's reason. OpenSSH
   * passes the signal on for every user except root, whose commands continue until they end by themselves.
   */
  signal?: AbortSignal;
  /**
   * Environment variables of the command. Servers accept only the names in their AcceptEnv: see `acceptsEnvironment`.
   */
  env?: Record<string, string>;
}

export interface ExecResult {
  /** Exit code. Undefined if `signal` ended the command, or if the server did not report one. */
  code: number | undefined;
  /** The signal that ended the command, such as "SIGKILL". */
  signal?: string;
  stdout: Buffer;
  stderr: Buffer;
}

/**
 * Runs one command in the user's login shell, without a terminal.
 * @throws the library's error if the channel cannot be opened; the signal's reason if aborted. If the result has
 * neither a code nor a signal, the connection may be broken: the caller can check that
 */
export function exec(client: Client, command: string, options: ExecOptions): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    client.exec(command, { env: options.env }, (error, channel) => {
      if (error) {
        reject(error);
        return;
      }
      collect(channel, options).then(resolve, reject);
      channel.end(options.stdin);
    });
  });
}

function collect(channel: ClientChannel, options: ExecOptions): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    channel.on("data", (chunk: Buffer) => {
      stdout.push(chunk);
      options.onStdout?.(chunk);
    });
    channel.stderr.on("data", (chunk: Buffer) => {
      stderr.push(chunk);
      options.onStderr?.(chunk);
    });
    // It is not an error if a command ends without reading its input.
    channel.on("error", () => undefined);

    let code: number | undefined;
    let signal: string | undefined;
    channel.on("exit", (status: number | null, name?: string) => {
      code = status ?? undefined;
      signal = name;
    });
    const onAbort = (): void => {
      sendSignal(channel, "TERM");
      channel.close();
      reject(options.signal?.reason as Error);
    };
    options.signal?.addEventListener("abort", onAbort);
    const ended = [
      new Promise((done) => channel.once("close", done)),
      new Promise((done) => channel.stderr.once("end", done)),
    ];
    void Promise.all(ended).then(() => {
      options.signal?.removeEventListener("abort", onAbort);
      resolve({
        code,
        ...(signal === undefined ? {} : { signal }),
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr),
      });
    });
    if (options.signal?.aborted === true) onAbort();
  });
}

/**
 * Asks the server to send the command a signal. The library's own `channel.signal` does nothing after standard input is
 * closed, as it always is here. So this uses the library's protocol object, if that has the known form.
 */
function sendSignal(channel: ClientChannel, name: string): void {
  const inner = channel as unknown as {
    outgoing?: { id: number; state: string };
    _client?: { _protocol?: { signal?: (id: number, name: string) => void } };
  };
  if (inner.outgoing === undefined || inner.outgoing.state === "closed") return;
  inner._client?._protocol?.signal?.(inner.outgoing.id, name);
}
