import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { Server, utils } from "ssh2";
import type { AuthContext, ServerChannel, Session } from "ssh2";
import { formatHostKey } from "../../ssh/host-key";
import type { Login } from "../../ssh/login";

/** A key pair of ssh-keygen's own format. */
export function generateKey(
  type: "ed25519" | "rsa" | "ecdsa" = "ed25519",
  passphrase?: string,
): { private: string; public: string } {
  const options = {
    bits: type === "rsa" ? 2048 : 256,
    ...(passphrase === undefined ? {} : { passphrase, cipher: "aes256-ctr", rounds: 4 }),
  };
  for (;;) {
    // Its types have one overload for each kind of key.
    const pair = utils.generateKeyPairSync(type as "rsa", options);
    // About one ed25519 key in several hundred has a form that ssh2 cannot read.
    if (utils.parseKey(pair.private, passphrase) instanceof Error) continue;
    return { private: pair.private, public: pair.public.trim() };
  }
}

/** Only type and base64. */
function bare(line: string): string {
  return line.split(" ").slice(0, 2).join(" ");
}

/** A key that may log in to every test server, and one that may not. */
export const GOOD_KEY = generateKey();
export const OTHER_KEY = generateKey();
export const PASSWORD = "correct-horse-canary";

export interface TestServerOptions {
  hostKeys?: string[];
  /** The effect of a command. @default like a small shell: see `shell` */
  onExec?: (command: string, channel: ServerChannel, env: Record<string, string>) => void;
  /** Methods offered. @default publickey, password */
  methods?: AuthContext["method"][];
  /** A method that is required after a key: a second factor. */
  second?: AuthContext["method"];
  /** The prompt of keyboard-interactive. @default "Password: " */
  question?: string;
  /** Keys that may log in, as "TYPE BASE64". @default GOOD_KEY's */
  authorized?: string[];
  /** Names that `setenv` may set. */
  acceptEnv?: string[];
  /** The limit of sessions on one connection. */
  maxSessions?: number;
  /** The number of first connections that are closed before the banner. */
  hangUps?: number;
  /** Local Unix sockets for the paths on the server. */
  unixSockets?: Record<string, string>;
  port?: number;
  /** Local ports for addresses that the server forwards to, by HOST:PORT. @default the address itself */
  targets?: Record<string, number>;
  /** Ports to which it opens connections without an answer, like a host behind it that drops packets. */
  silent?: number[];
}

/** A real SSH server on loopback, in this process. It counts what a server would log. */
export class TestServer {
  /** Every login attempt that a real server would count: all except `none`, and one for each key. */
  readonly attempts: string[] = [];
  readonly commands: string[] = [];
  connections = 0;
  mostSessions = 0;

  private constructor(
    private readonly listener: ReturnType<typeof createServer>,
    readonly port: number,
    readonly hostKeys: string[],
    private readonly sockets: Set<Socket>,
  ) {}

  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const privateKeys = options.hostKeys ?? [generateKey().private];
    const sockets = new Set<Socket>();
    const server = new Server({ hostKeys: privateKeys });
    let hangUps = options.hangUps ?? 0;
    const listener = createServer((socket) => {
      self.connections++;
      if (hangUps > 0) {
        hangUps--;
        socket.destroy();
        return;
      }
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      server.injectSocket(socket);
    });
    await new Promise<void>((resolve) => listener.listen(options.port ?? 0, "127.0.0.1", resolve));
    const hostKeys = privateKeys.map((key) => {
      const parsed = utils.parseKey(key);
      if (parsed instanceof Error) throw parsed;
      return formatHostKey([parsed].flat()[0]!.getPublicSSH());
    });
    const self = new TestServer(
      listener,
      (listener.address() as AddressInfo).port,
      hostKeys,
      sockets,
    );
    self.serve(server, options);
    return self;
  }

  /** A login that works. */
  login(change: Partial<Login> = {}): Login {
    return {
      host: "127.0.0.1",
      port: this.port,
      user: "root",
      privateKey: GOOD_KEY.private,
      hostKeys: this.hostKeys,
      ...change,
    };
  }

  /** The number of open connections. */
  get open(): number {
    return this.sockets.size;
  }

  /** Cuts every connection, like a network that fails for a moment. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.listener.close(resolve));
  }

  private serve(server: Server, options: TestServerOptions): void {
    const methods = options.methods ?? ["publickey", "password"];
    server.on("connection", (client) => {
      let sessions = 0;
      client.on("error", () => undefined);
      client.on("authentication", (ctx) => this.authenticate(ctx, methods, options));
      client.on("session", (accept, reject) => {
        if (sessions >= (options.maxSessions ?? 10)) {
          reject();
          return;
        }
        sessions++;
        this.mostSessions = Math.max(this.mostSessions, sessions);
        const session = accept();
        session.on("close", () => sessions--);
        this.serveSession(session, options);
      });
      client.on("tcpip", (accept, reject, info) => {
        if (options.silent?.includes(info.destPort)) return;
        const local = options.targets?.[`${info.destIP}:${info.destPort}`];
        const target = connect(local ?? info.destPort, local ? "127.0.0.1" : info.destIP);
        target.once("error", () => reject());
        target.once("connect", () => {
          const channel = accept();
          channel.on("error", () => undefined);
          target.on("error", () => channel.destroy());
          channel.pipe(target).pipe(channel);
        });
      });
      client.on("openssh.streamlocal", (accept, reject, info) => {
        const path = options.unixSockets?.[info.socketPath];
        if (path === undefined) {
          reject();
          return;
        }
        const target = connect(path);
        target.once("error", () => reject());
        target.once("connect", () => {
          const channel = accept();
          channel.on("error", () => undefined);
          target.on("error", () => channel.destroy());
          channel.pipe(target).pipe(channel);
        });
      });
    });
  }

  private authenticate(
    ctx: AuthContext,
    methods: AuthContext["method"][],
    { second, question = "Password: ", authorized = [bare(GOOD_KEY.public)] }: TestServerOptions,
  ): void {
    if (ctx.method === "none") {
      ctx.reject(methods);
      return;
    }
    const asksOnly = ctx.method === "publickey" && ctx.signature === undefined;
    const known = ctx.method === "publickey" && authorized.includes(formatHostKey(ctx.key.data));
    if (!methods.includes(ctx.method) && ctx.method !== second) {
      this.attempts.push(ctx.method);
      ctx.reject(methods);
    } else if (ctx.method === "publickey") {
      if (!asksOnly || !known) this.attempts.push("publickey");
      if (known && !asksOnly && second !== undefined) ctx.reject([second], true);
      else if (known) ctx.accept();
      else ctx.reject(methods);
    } else if (ctx.method === "password") {
      this.attempts.push("password");
      if (ctx.password === PASSWORD) ctx.accept();
      else ctx.reject(methods);
    } else if (ctx.method === "keyboard-interactive") {
      this.attempts.push("keyboard-interactive");
      ctx.prompt([{ prompt: question, echo: false }], (answers) => {
        if (answers[0] === PASSWORD) ctx.accept();
        else ctx.reject(methods);
      });
    } else ctx.reject(methods);
  }

  private serveSession(session: Session, options: TestServerOptions): void {
    const env: Record<string, string> = {};
    session.on("env", (accept, reject, info) => {
      const ok = (options.acceptEnv ?? []).includes(info.key);
      if (ok) env[info.key] = (info as unknown as { val: string }).val;
      // Without want-reply, no answer is expected, and both are undefined.
      if (ok) accept?.();
      else reject?.();
    });
    session.on("sftp", (accept) => accept().on("error", () => undefined));
    session.on("exec", (accept, _reject, info) => {
      this.commands.push(info.command);
      const channel = accept();
      channel.on("error", () => undefined);
      (options.onExec ?? shell)(info.command, channel, env);
    });
  }
}

/** "exit N", "out TEXT", "err TEXT", "cat", "big BYTES", "kill NAME", "sleep", "env NAME". */
export function shell(command: string, channel: ServerChannel, env: Record<string, string>): void {
  const [verb, argument = ""] = command.split(/ (.*)/s);
  const finish = (code: number): void => {
    channel.exit(code);
    channel.end();
  };
  switch (verb) {
    case "exit":
      return finish(Number(argument));
    case "out":
      channel.write(argument);
      return finish(0);
    case "err":
      channel.stderr.write(argument);
      return finish(1);
    case "env":
      channel.write(env[argument] ?? "(unset)");
      return finish(0);
    case "cat":
      channel.on("data", (chunk: Buffer) => channel.write(chunk));
      channel.on("end", () => finish(0));
      return;
    case "big":
      channel.write(Buffer.alloc(Number(argument), "x"), () => finish(0));
      return;
    case "kill":
      (channel.exit as (signal: string) => void)(argument);
      channel.end();
      return;
    case "vanish":
      channel.end();
      return;
    case "sleep":
      return;
    default:
      channel.stderr.write(`${verb}: not found\n`);
      return finish(127);
  }
}
