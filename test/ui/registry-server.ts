import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RegistryClient } from "../../registry/client";
import type { Transport } from "../../registry/transport";

/** A registry server's executable, with the C library that it is linked with if it is not this machine's. */
export interface Server {
  readonly program: string;
  readonly args: readonly string[];
}

/** Debian's server, from the hub's root. */
export const fromHub = (root: string): Server => ({
  program: join(root, "lib64/ld-linux-x86-64.so.2"),
  args: ["--library-path", join(root, "lib/x86_64-linux-gnu"), join(root, "bin/registry")],
});

/** A real registry on loopback, with its storage in a folder of its own. */
export class TestRegistry {
  readonly client: RegistryClient;

  private constructor(
    readonly port: number,
    private readonly process: ReturnType<typeof spawn>,
    private readonly folder: string,
  ) {
    this.client = new RegistryClient(transportTo(port));
  }

  static async start(server: Server, { deletes = true } = {}): Promise<TestRegistry> {
    const folder = mkdtempSync(join(tmpdir(), "registry-"));
    const config = join(folder, "config.json");
    writeFileSync(
      config,
      JSON.stringify({
        version: 0.1,
        log: { level: "info", accesslog: { disabled: true } },
        storage: {
          filesystem: { rootdirectory: join(folder, "storage") },
          cache: { blobdescriptor: "inmemory" },
          delete: { enabled: deletes },
        },
        http: { addr: "127.0.0.1:0" },
      }),
    );
    const child = spawn(server.program, [...server.args, "serve", config], {
      env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    const port = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", () => reject(new Error(`the registry ended:\n${said}`)));
      child.stderr.on("data", (text: Buffer) => {
        said += text.toString();
        const at = /listening on 127\.0\.0\.1:(\d+)/.exec(said);
        if (at !== null) resolve(Number(at[1]));
      });
    });
    return new TestRegistry(port, child, folder);
  }

  /** Whether any manifest of a repository is stored under this digest. */
  hasRevision(repository: string, digest: string): boolean {
    const path = `storage/docker/registry/v2/repositories/${repository}/_manifests/revisions/sha256`;
    return readdirSync(join(this.folder, path)).includes(digest.replace("sha256:", ""));
  }

  /** Adds tags of a digest as the server itself stores them: thousands of pushes would take minutes. */
  link(repository: string, digest: string, tags: readonly string[]): void {
    const folder = `storage/docker/registry/v2/repositories/${repository}/_manifests/tags`;
    for (const tag of tags) {
      const path = join(this.folder, folder, tag, "current");
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, "link"), digest);
    }
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise((resolve) => this.process.once("exit", resolve));
      this.process.kill("SIGKILL"); // Version 3 would wait for its clients first.
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Stops answering without ending, like a host that hangs; `SIGCONT` undoes it. */
  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }
}

export function transportTo(port: number): Transport {
  return async ({ method, path, headers, body }) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(headers && { headers }),
      ...(body && { body: body as BodyInit }),
    });
    return {
      status: response.status,
      header: (name) => response.headers.get(name) ?? undefined,
      body: new Uint8Array(await response.arrayBuffer()),
    };
  };
}
