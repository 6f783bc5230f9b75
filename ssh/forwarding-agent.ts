import { Agent } from "node:http";
import type { Duplex } from "node:stream";
import type { Connection } from "./connection";

/** HTTP to a socket of the host: each request has a stream of its own over the one SSH connection. */
export class ForwardingAgent extends Agent {
  constructor(
    private readonly connection: Connection,
    private readonly socket: string,
  ) {
    super({ keepAlive: false });
  }

  override createConnection(
    _options: unknown,
    done?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.connection.forwardUnix(this.socket).then(
      (stream) => done?.(null, stream),
      (error: Error) => done?.(error, undefined as never),
    );
    return undefined;
  }
}
