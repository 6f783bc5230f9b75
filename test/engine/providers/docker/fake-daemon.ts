import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { join } from "node:path";

/** The daemon's side of the tests: answers what a test has prepared, and records what was asked. */
export class FakeDaemon {
  readonly asked: string[] = [];
  /** The body of each request, in the same order. */
  readonly bodies: Buffer[] = [];
  answers: Record<string, [status: number, body: unknown]> = {};
  private constructor(
    readonly server: Server,
    readonly socket: string,
  ) {}

  static async start(folder: string): Promise<FakeDaemon> {
    const socket = join(folder, "docker.sock");
    const server = createServer((request, response) => daemon.answer(request, response));
    const daemon = new FakeDaemon(server, socket);
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    return daemon;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? "").replace(/^http:\/\/docker(:80)?/, "");
    const line = `${request.method} ${decodeURIComponent(path)}`;
    const index = this.asked.push(line) - 1;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      this.bodies[index] = Buffer.concat(chunks);
      const [status, body] = this.answers[line] ?? [500, { message: `unprepared: ${line}` }];
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  }
}
