import { Agent, type ClientRequestArgs } from "node:http";
import type { Duplex } from "node:stream";
import type { Connection } from "../ssh/connection";

/** As many as a page sends at once. */
const CHANNELS = 8;

/**
 * The way to the registry: HTTP over channels of one SSH connection. The connection is opened at the first request, kept,
 * and opened again after it was lost.
 */
export class RegistryRoute {
  readonly agent: Agent;
  private opening: Promise<Connection> | undefined;
  private closed = false;

  /**
   * @param connect opens the SSH connection to the registry's host
   * @param target the registry's address as its host reaches it
   */
  constructor(
    private readonly connect: () => Promise<Connection>,
    readonly target: { readonly host: string; readonly port: number },
  ) {
    this.agent = new ChannelAgent(() => this.dial());
  }

  /** Opens the connection now. @throws SshError */
  async open(): Promise<void> {
    await this.connection();
  }

  close(): void {
    this.closed = true;
    this.agent.destroy();
    // A connection that cannot be opened has nothing to close.
    this.opening?.then(
      (connection) => connection.close(),
      () => undefined,
    );
  }

  private async dial(): Promise<Duplex> {
    const connection = await this.connection();
    return connection.forward(this.target.host, this.target.port);
  }

  private async connection(): Promise<Connection> {
    if (this.closed) throw new Error("the server of the page has ended");
    const current = this.opening;
    const opened = await current?.catch(() => undefined);
    if (opened?.isOpen === true) return opened;
    // Of several requests that find the connection lost, the first one opens the next.
    if (this.opening === current) this.opening = this.connect();
    return this.opening!;
  }
}

/** Keeps connections for several requests, as for sockets. An SSH channel has no timers or options of a socket. */
class ChannelAgent extends Agent {
  constructor(private readonly dial: () => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: CHANNELS });
  }

  override createConnection(
    _options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): null {
    this.dial().then(
      (stream) => callback?.(null, stream),
      (error: Error) => callback?.(error, undefined as never),
    );
    return null;
  }

  override keepSocketAlive(): boolean {
    return true;
  }

  override reuseSocket(): void {}
}
