import { Agent, type ClientRequestArgs } from "node:http";
import type { Duplex } from "node:stream";
import type { Connection } from "../ssh/connection";

/** As many as a page sends at once. */
const CHANNELS = 8;

/** A connection with the channels that are open on it. They are given up together, when the connection is lost. */
interface Line {
  readonly connection: Connection;
  readonly agent: Agent;
}

/**
 * The way to the registry: HTTP over channels of one SSH connection. The connection is kept, and opened again after it
 * was lost.
 */
export class RegistryRoute {
  private opening: Promise<Line> | undefined;
  private closed = false;

  /**
   * @param connect opens the SSH connection to the registry's host
   * @param target the registry's address as its host reaches it
   */
  constructor(
    private readonly connect: () => Promise<Connection>,
    readonly target: { readonly host: string; readonly port: number },
  ) {}

  /** The agent for one request, which opens the connection if necessary. @throws SshError */
  async agent(): Promise<Agent> {
    if (this.closed) throw new Error("the server of the page has ended");
    const current = this.opening;
    const line = await current?.catch(() => undefined);
    if (line?.connection.isOpen === true) return line.agent;
    // Of several requests that find the connection lost, the first one opens the next.
    if (this.opening === current) this.opening = this.open();
    return (await this.opening!).agent;
  }

  close(): void {
    this.closed = true;
    this.opening?.then(
      ({ connection, agent }) => {
        agent.destroy();
        connection.close();
      },
      () => undefined, // A connection that cannot be opened has nothing to close.
    );
  }

  private async open(): Promise<Line> {
    const connection = await this.connect();
    const { host, port } = this.target;
    return { connection, agent: new ChannelAgent(() => connection.forward(host, port)) };
  }
}

/** Keeps channels open for several requests, as Node.js does with sockets. */
class ChannelAgent extends Agent {
  constructor(private readonly dial: () => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: CHANNELS });
  }

  override createConnection(
    _options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): null {
    this.dial().then(
      (stream) => callback?.(null, Object.assign(stream, SOCKET_ONLY)),
      (error: Error) => callback?.(error, undefined as never),
    );
    return null;
  }
}

/** What Node.js calls on a socket, and what means nothing for a channel. */
const nothing = () => undefined;
const SOCKET_ONLY = {
  ref: nothing,
  unref: nothing,
  setKeepAlive: nothing,
  setNoDelay: nothing,
  setTimeout: nothing,
};
