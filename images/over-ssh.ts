import type { IncomingMessage } from "node:http";
import { open, send, type Via } from "../oci/push";
import type { ApiRequest, StreamTransport, Transport } from "../registry/transport";
import type { Connection } from "../ssh/connection";

/**
 * The way to a registry through an SSH connection to its host, so that this machine needs no route to the registry.
 *
 * @param address the address that the registry listens on, as its host sees it
 */
export function overSsh(connection: Connection, address: string, port: number): Transport {
  const via = viaSsh(connection, address, port);
  return async ({ method, path, headers, body }: ApiRequest) => {
    const all = { ...headers, ...(body && { "content-length": String(body.length) }) };
    const answer = await send(via, method, path, all, body && Buffer.from(body));
    return { ...headOf(answer), body: answer.bytes };
  };
}

/** The same way for content that does not fit in memory. */
export function streamsOverSsh(
  connection: Connection,
  address: string,
  port: number,
): StreamTransport {
  const via = viaSsh(connection, address, port);
  return async ({ method, path, headers, body }) => {
    const answer = await open(via, method, path, { ...headers }, body);
    return { ...headOf(answer), body: answer };
  };
}

function viaSsh(connection: Connection, address: string, port: number): Via {
  return async () => {
    const stream = await connection.forward(address, port);
    return { createConnection: () => stream };
  };
}

const headOf = ({ statusCode, headers }: Pick<IncomingMessage, "statusCode" | "headers">) => ({
  status: statusCode ?? 0,
  header: (name: string) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  },
});
