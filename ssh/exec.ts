import type { Client, ClientChannel } from "ssh2";

export interface ExecOptions {
  /** Written to the command's standard input, then closed. @default nothing: the command reads end of file */
  stdin?: string | Buffer;
  /** Called with each piece of output as it comes; the result has it all in any case. */
  onStdout?: (chunk: Buffer) => void;
  onStderr?: (chunk: Buffer) => void;
  /**
   * Aborted: the command is sent SIGTERM, its channel is closed, and the call rejects with the signal's reason. OpenSSH
   * passes the signal on for every user but root; root's commands go on until they end by themselves.
   */
  signal?: AbortSignal;
  /** Set before the command starts. Servers take only the names in their AcceptEnv: see `acceptsEnvironment`. */
  env?: Record<string, string>;
}

export interface ExecResult {
  /** Exit code. Undefined: the command was ended by `signal`, or the server did not say. */
  code: number | undefined;
  /** "SIGKILL", when a signal ended the command. */
  signal?: string;
  stdout: Buffer;
  stderr: Buffer;
}

/**
 * Runs one command in the user's login shell, without a terminal.
 * @throws the library's error when the channel cannot be opened, the signal's reason when aborted. A result without code and signal may mean
 * that the connection broke: the caller knows.
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
    // A command that ends without reading its input is no error of ours.
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
 * Asks the server to signal the command. The library's own `channel.signal` does nothing once standard input is closed,
 * as it is here from the start; so its protocol object is used, if it is as we know it.
 */
function sendSignal(channel: ClientChannel, name: string): void {
  const inner = channel as unknown as {
    outgoing?: { id: number; state: string };
    _client?: { _protocol?: { signal?: (id: number, name: string) => void } };
  };
  if (inner.outgoing === undefined || inner.outgoing.state === "closed") return;
  inner._client?._protocol?.signal?.(inner.outgoing.id, name);
}
