import type { Agent } from "node:http";
import type Docker from "dockerode";
import type { DockerOptions } from "dockerode";
import { resolveLogin } from "../../../ssh/command-login";
import { Connection } from "../../../ssh/connection";
import { SshError } from "../../../ssh/error";
import { ForwardingAgent } from "../../../ssh/forwarding-agent";
import { describeLogin } from "../../../ssh/login";
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

/** An answer of the daemon that is no success, or no answer at all. The message says which daemon, and what it said. */
export class DaemonError extends Error {
  constructor(
    message: string,
    /** The HTTP status; undefined: there was no answer. */
    readonly status: number | undefined,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "DaemonError";
  }
}

/** A Docker daemon. It is not dialled before the first call: a preview needs no daemon. */
export class Daemon {
  private opened: Promise<Opened> | undefined;
  private readonly closing = new AbortController();
  /** It was seen to run, or how it is run is not systemd's business: not asked again. */
  private runs = false;

  constructor(
    private readonly settings: DaemonSettings,
    private readonly around: Surroundings,
  ) {}

  /**
   * Calls the daemon.
   * @param what for the error: "create container registry".
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

  /** The same, where "there is no such thing" (404) is an answer: undefined. */
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
   * A connection to docker's socket would have systemd start a docker that stands still, and a look must not. So systemd is
   * asked first.
   * @throws NotRunning
   */
  private async mustRun(where: string, connection: Connection): Promise<void> {
    const { code, stdout } = await connection.exec(UNIT_STATES);
    const [service, socket] = code === 0 ? unitStates(stdout.toString()) : [];
    const stands = service !== undefined && ["inactive", "failed"].includes(service.active);
    // A docker without a unit, or that somebody runs by hand, is there if its socket is.
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
    opened?.connection.close();
  }

  private open(log: Warn): Promise<Opened> {
    // A failure is kept: the next resource would only wait, and log in, for the same answer. A broken connection is not.
    this.opened = (this.opened ?? this.dial(log)).then((opened) =>
      opened.connection.isOpen ? opened : this.dial(log),
    );
    return this.opened;
  }

  private async dial(log: Warn): Promise<Opened> {
    // Loaded when first used: it is large.
    const { default: DockerClient } = await import("dockerode");
    const { login, warnings } = resolveLogin(
      this.settings.host,
      this.settings.sshOpts,
      this.around,
    );
    for (const warning of warnings) log("warning", warning);
    const connection = await Connection.open(login, { signal: this.closing.signal });
    const options: DockerOptions & { agent: Agent } = {
      protocol: "http",
      host: "docker",
      port: 80,
      // An option that dockerode has and its types lack.
      agent: new ForwardingAgent(connection, SOCKET),
    };
    return { docker: new DockerClient(options), where: describeLogin(login), connection };
  }
}

const UNIT_STATES = "systemctl show -p LoadState -p ActiveState docker.service docker.socket";

/** What systemctl says of the service and the socket. */
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
 * Options for a call of dockerode that sends a body: without this it would put all of it into the URL as well, where it
 * is logged, and where an environment may hold passwords.
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
