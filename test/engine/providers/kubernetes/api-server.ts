import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Answer = [status: number, body: unknown];

/** How kube-apiserver 1.34 says no. */
export function failure(code: number, reason: string, message: string): Answer {
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" };
  return [code, { ...status, message, reason, code }];
}

/** The API server's side of the tests: answers what a test has prepared, in order, and records what was asked. */
export class FakeApiServer {
  readonly asked: {
    line: string;
    type: string | undefined;
    auth: string | undefined;
    body: unknown;
  }[] = [];
  private readonly answers: [line: string, answer: Answer][] = [];
  private constructor(private readonly server: Server) {}

  static async start(): Promise<FakeApiServer> {
    const server = createServer((request, response) => void fake.answer(request, response));
    const fake = new FakeApiServer(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return fake;
  }

  /** The next request must be this one. */
  expects(line: string, ...answer: Answer): this {
    this.answers.push([line, answer]);
    return this;
  }

  /** What was prepared and not asked for. */
  get open(): string[] {
    return this.answers.map(([line]) => line);
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get kubeconfig(): string {
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "lab",
      clusters: [
        {
          name: "lab",
          cluster: { server: this.address, "insecure-skip-tls-verify": true },
        },
      ],
      users: [{ name: "me", user: { token: "TOKEN" } }],
      contexts: [{ name: "lab", context: { cluster: "lab", user: "me" } }],
    });
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const line = `${request.method} ${request.url}`;
    const { "content-type": type, authorization: auth } = request.headers;
    this.asked.push({ line, type, auth, body: text === "" ? undefined : JSON.parse(text) });
    const [wanted, [status, body]] = this.answers.shift() ?? ["nothing", [500, {}]];
    response.writeHead(wanted === line ? status : 500, { "content-type": "application/json" });
    response.end(
      JSON.stringify(wanted === line ? body : { message: `expected ${wanted}, was asked ${line}` }),
    );
  }
}
