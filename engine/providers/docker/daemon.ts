import type { Agent } from "node:http";
import type Docker from "dockerode";
import type { DockerOptions } from "dockerode";
import { resolveLogin } from "../../../ssh/command-login";
import { Connection } from "../../../ssh/connection";
import { SshError } from "../../../ssh/error";
import { ForwardingAgent } from "../../../ssh/forwarding-agent";
import { describeLogin } from "../../../ssh/login";
import type { ConnectionPool } from "../../../ssh/pool";
import { untilAborted } from "../../../ssh/until-aborted";
import type { Surroundings } from "../../../ssh/surroundings";
import { NotRunning } from "../provider";

const SOCKET = "/var/run/docker.sock";

export interface DaemonSettings {
  /** `ssh://user@host:port`. */
  host: string;
  sshOpts: string[];
}

interface Opened {
  docker: Docker;
  where: string;
  connection: Connection;
}

/** The daemon answered with an error, or not at all. The message names the daemon and quotes its answer. */
export class DaemonError extends Error {
  constructor(
    message: string,
    /** The HTTP status; undefined if there was no answer. */
    readonly status: number | undefined,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "DaemonError";
  }
}

/** A Docker daemon. The first call connects to it: a preview needs no daemon. */
export class Daemon {
  private opened: Promise<Opened> | undefined;
  private readonly closing = new AbortController();
  /** True if the daemon was seen to run, or if systemd does not manage it. It is not checked again. */
  private runs = false;

  constructor(
    private readonly settings: DaemonSettings,
    private readonly around: Surroundings,
    /** @default a connection of its own */
    private readonly connections?: ConnectionPool,
  ) {}

  /**
   * Calls the daemon.
   * @param what names the call in errors: "create container registry".
   * @throws DaemonError
   */
  async call<T>(what: string, ctx: Ctx, use: (docker: Docker) => Promise<T>): Promise<T> {
    ctx.signal.throwIfAborted();
    const { docker, where, connection } = await untilAborted(this.open(ctx.log), ctx.signal);
    if (!this.runs) await untilAborted(this.mustRun(where, connection), ctx.signal);
    try {
      return await untilAborted(use(docker), ctx.signal);
    } catch (error) {
      if (ctx.signal.aborted) throw ctx.signal.reason;
      throw daemonError(what, where, error);
    }
  }

  /** Like `call`, but answers undefined if the object does not exist (404). */
  async find<T>(
    what: string,
    ctx: Ctx,
    use: (docker: Docker) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await this.call(what, ctx, use);
    } catch (error) {
      if (error instanceof DaemonError && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * Asks systemd first whether docker runs: a connection to docker's socket would start a stopped docker, and a read
   * must not do that.
   * @throws NotRunning
   */
  private async mustRun(where: string, connection: Connection): Promise<void> {
    const { code, stdout } = await connection.exec(UNIT_STATES);
    const [service, socket] = code === 0 ? unitStates(stdout.toString()) : [];
    const stands = service !== undefined && ["inactive", "failed"].includes(service.active);
    // A docker without a unit, or one that was started by hand, runs if its socket exists.
    if (stands && (socket?.active === "active" || !(await this.listens(connection)))) {
      const { load, active } = service;
      const how =
        load === "not-found"
          ? "there is no docker.service"
          : `docker.service is ${load === "masked" ? `masked, ${active}` : active}`;
      throw new NotRunning(
        `docker at ${where} does not run: ${how}. Its containers are not known until it runs`,
      );
    }
    this.runs = true;
  }

  private async listens(connection: Connection): Promise<boolean> {
    try {
      (await connection.forwardUnix(SOCKET)).destroy();
      return true;
    } catch (error) {
      if (error instanceof SshError && error.kind === "forward-refused") return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closing.abort(new Error("the run is over"));
    const opened = await this.opened?.catch(() => undefined);
    if (this.connections === undefined) opened?.connection.close();
  }

  private open(log: Warn): Promise<Opened> {
    // A failed login is kept: the next resource would only wait, and log in again, for the same answer. A broken
    // connection is not kept.
    this.opened = (this.opened ?? this.dial(log)).then((opened) =>
      opened.connection.isOpen ? opened : this.dial(log),
    );
    return this.opened;
  }

  private async dial(log: Warn): Promise<Opened> {
    // Loads the library at the first use, because it is large.
    const { default: DockerClient } = await import("dockerode");
    const { login, warnings } = resolveLogin(
      this.settings.host,
      this.settings.sshOpts,
      this.around,
    );
    for (const warning of warnings) log("warning", warning);
    const { signal } = this.closing;
    const connection =
      this.connections === undefined
        ? await Connection.open(login, { signal })
        : await this.connections.get({ login, options: {} }, signal, () => undefined);
    const options: DockerOptions & { agent: Agent } = {
      protocol: "http",
      host: "docker",
      port: 80,
      // dockerode has this option, but its types lack it.
      agent: new ForwardingAgent(connection, SOCKET),
    };
    return { docker: new DockerClient(options), where: describeLogin(login), connection };
  }
}

const UNIT_STATES = "systemctl show -p LoadState -p ActiveState docker.service docker.socket";

/** The states that systemctl reports for the service and the socket. */
function unitStates(text: string): { load: string; active: string }[] {
  return text
    .trim()
    .split(/\n\n+/)
    .map((block) => ({
      load: /^LoadState=(.*)$/m.exec(block)?.[1] ?? "",
      active: /^ActiveState=(.*)$/m.exec(block)?.[1] ?? "",
    }));
}

type Warn = (severity: "warning", text: string) => void;
type Ctx = { signal: AbortSignal; log: Warn };

/**
 * Options for a call of dockerode that sends a body. Without them, it would also put the body into the URL. URLs are
 * logged, and the body can contain passwords in its environment.
 */
export function request<T>(query: object, body: object): T {
  return { _query: query, _body: body } as T;
}

function daemonError(what: string, where: string, error: unknown): Error {
  const { statusCode, json } = error as { statusCode?: number; json?: { message?: string } };
  if (statusCode !== undefined) {
    const said = json?.message ?? (error as Error).message;
    return new DaemonError(`docker at ${where}: cannot ${what}: ${said.trim()}`, statusCode, {
      cause: error,
    });
  }
  const why =
    error instanceof SshError && error.kind === "forward-refused"
      ? `its socket ${SOCKET} cannot be reached. Is dockerd running, and may this user use it ` +
        "(root, or a member of the group docker), and does sshd allow AllowStreamLocalForwarding?"
      : (error as Error).message;
  return new DaemonError(`docker at ${where}: cannot ${what}: ${why}`, undefined, { cause: error });
}
