import { send } from "../oci/push";
import type { ApiRequest, Transport } from "../registry/transport";
import type { Connection } from "../ssh/connection";

/**
 * The way to a registry through an SSH connection to its host, so that this machine needs no route to the registry.
 *
 * @param address the address that the registry listens on, as its host sees it
 */
export function overSsh(connection: Connection, address: string, port: number): Transport {
  const via = async () => {
    const stream = await connection.forward(address, port);
    return { createConnection: () => stream };
  };
  return async ({ method, path, headers, body }: ApiRequest) => {
    const all = { ...headers, ...(body && { "content-length": String(body.length) }) };
    const answer = await send(via, method, path, all, body && Buffer.from(body));
    return {
      status: answer.statusCode ?? 0,
      header: (name) => {
        const value = answer.headers[name];
        return Array.isArray(value) ? value.join(", ") : value;
      },
      body: answer.bytes,
    };
  };
}
