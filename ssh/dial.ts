import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Client } from "ssh2";
import type { ConnectConfig, ServerHostKeyAlgorithm } from "ssh2";
import { Authentication } from "./authentication";
import { SshError } from "./error";
import { HostVerification } from "./host-verification";
import { describeLogin } from "./login";
import type { Limits, Login } from "./login";

/** An SSH connection, logged in. */
export interface Dialled {
  client: Client;
  /** The host key that the server showed, as "TYPE BASE64". */
  hostKey: string;
}

/** After three of these without an answer, the link is dead. TCP alone takes minutes to detect that. */
const KEEPALIVE_SECONDS = 15;
const KEEPALIVE_MISSES = 3;

/**
 * The time limit from the TCP connection to the login: long enough for a busy host, and a limit for a peer that stays
 * silent.
 */
const LOGIN_MILLISECONDS = 30_000;

/** The limits that are set. A value of 0 counts as not set: every connection has a time limit and keepalives. */
export function limits(
  connectSeconds: number | undefined,
  aliveSeconds: number | undefined,
  misses: number = KEEPALIVE_MISSES,
): Limits {
  return {
    ...(connectSeconds && { connectSeconds }),
    ...(aliveSeconds && { keepAlive: { seconds: aliveSeconds, misses: Math.max(1, misses) } }),
  };
}

/** Refuses a login that cannot work (no host key, no key, ...) before any connection is opened. @throws SshError */
export function checkLogin(login: Login): void {
  new HostVerification(login);
  new Authentication(login);
  if (login.proxy !== undefined) checkLogin(login.proxy);
}

/** Opens a TCP connection. @throws SshError of kind `unreachable`, or the signal's reason. */
export function connectTcp(
  login: Login,
  timeoutSeconds: number,
  signal?: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const socket = new Socket();
    const timer =
      timeoutSeconds > 0
        ? setTimeout(() => {
            fail(unreachable(login, `no answer within ${timeoutSeconds} s`, { retryable: true }));
          }, timeoutSeconds * 1000)
        : undefined;
    const onAbort = (): void => fail(signal?.reason as Error);
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.removeAllListeners();
    };
    const fail = (error: Error): void => {
      settle();
      socket.on("error", () => undefined); // ignore later errors
      socket.destroy();
      reject(error);
    };
    signal?.addEventListener("abort", onAbort);
    socket.once("error", (error: NodeJS.ErrnoException) => fail(tcpError(login, error)));
    socket.connect({ host: login.host, port: login.port, noDelay: true }, () => {
      settle();
      resolve(socket);
    });
  });
}

/**
 * Speaks SSH over `stream`: checks the host key, then logs in, each once.
 * @throws SshError, or the signal's reason; the stream is closed then
 */
export function logIn(to: Login, stream: Duplex, signal?: AbortSignal): Promise<Dialled> {
  const verification = new HostVerification(to);
  const authentication = new Authentication(to);
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const client = new Client();
    let greeting = "";
    const settle = (): void => {
      signal?.removeEventListener("abort", onAbort);
      client.removeAllListeners();
      client.on("error", () => undefined); // the error is reported already, or the new owner handles it
    };
    const fail = (error: Error): void => {
      settle();
      client.destroy();
      stream.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(signal?.reason as Error);
    signal?.addEventListener("abort", onAbort);

    let progress: Progress = "silent";
    client.on("greeting", (text) => (greeting = text.trim()));
    client.on("banner", (text) => authentication.note(`the server says: ${oneLine(text)}`));
    client.on("handshake", () => (progress = "login"));
    client.on("error", (error: Error & { level?: string }) => {
      if (error.level === "agent") {
        // The agent does not sign with this key: it was removed, or its owner refused.
        authentication.note(`agent at ${to.agentSocket ?? ""}: ${error.message}`);
        return; // continue with the other ways to log in
      }
      fail(classify(error));
    });
    client.on("close", () => fail(classify(new Error("the server closed the connection"))));
    client.once("ready", () => {
      settle();
      client.removeAllListeners("error");
      resolve({ client, hostKey: verification.shown ?? "" });
    });

    const classify = (error: Error & { level?: string; code?: unknown }): SshError => {
      const mismatch = verification.mismatch;
      if (mismatch !== undefined) return mismatch;
      if (/no matching host key/i.test(error.message)) return verification.noKnownType(error);
      if (error.level === "client-authentication") return authentication.refused(error);
      if (progress === "login") {
        if (error.level === "client-timeout") {
          return new SshError(
            "timeout",
            `${describeLogin(to)}: the login did not finish within ${LOGIN_MILLISECONDS / 1000} s`,
            { cause: error, retryable: true },
          );
        }
        // The server closed the connection during the login: too many keys were offered, or the account may not log in.
        // A retry would be another attempt.
        authentication.note(error.message);
        return authentication.refused(error);
      }
      return beforeLogin(to, error, greeting);
    };

    client.connect(connectConfig(to, stream, verification, authentication));
    onRefusedOffer(client, (methods, isPartial) => authentication.answered(methods, isPartial));
  });
}

type Progress = "silent" | "login";

function connectConfig(
  to: Login,
  stream: Duplex,
  verification: HostVerification,
  authentication: Authentication,
): ConnectConfig {
  const algorithms = verification.algorithms as ServerHostKeyAlgorithm[] | undefined;
  return {
    sock: stream,
    username: to.user,
    readyTimeout: LOGIN_MILLISECONDS,
    keepaliveInterval: (to.limits?.keepAlive?.seconds ?? KEEPALIVE_SECONDS) * 1000,
    keepaliveCountMax: to.limits?.keepAlive?.misses ?? KEEPALIVE_MISSES,
    hostVerifier: (key: Buffer) => verification.accept(key),
    authHandler: authentication.handler,
    ...(algorithms === undefined ? {} : { algorithms: { serverHostKey: algorithms } }),
  };
}

/** Observes each offer that did not log in, because the library's own events omit some. */
function onRefusedOffer(
  client: Client,
  listener: (methods: readonly string[], isPartial: boolean) => void,
): void {
  type Handler = (protocol: unknown, methods: readonly string[], isPartial: boolean) => void;
  const inner = client as unknown as {
    _protocol: { _handlers: { USERAUTH_FAILURE: Handler } };
  };
  const handlers = inner._protocol._handlers;
  const handle = handlers.USERAUTH_FAILURE;
  handlers.USERAUTH_FAILURE = (protocol, methods, isPartial) => {
    listener(methods, isPartial);
    handle(protocol, methods, isPartial);
  };
}

/** Errors between the TCP connection and the login. */
function beforeLogin(
  to: Login,
  error: Error & { level?: string; code?: unknown },
  greeting: string,
): SshError {
  if (error.level === "client-timeout") {
    return new SshError(
      "timeout",
      `${describeLogin(to)}: connected, but no SSH server answered within ${LOGIN_MILLISECONDS / 1000} s`,
      { cause: error, retryable: true },
    );
  }
  if (/identification|header|greeting/i.test(error.message)) {
    return unreachable(to, "what answers there is no SSH server; check the port", { cause: error });
  }
  if (/no matching/i.test(error.message)) {
    return unreachable(to, `no common algorithms: ${error.message}`, { cause: error });
  }
  const said = greeting === "" ? "" : ` (it said: ${oneLine(greeting)})`;
  return unreachable(to, `the connection was closed before the login${said}: ${error.message}`, {
    cause: error,
    retryable: true,
  });
}

function tcpError(login: Login, error: NodeJS.ErrnoException): SshError {
  const retry = { cause: error, retryable: true };
  switch (error.code) {
    case "ECONNREFUSED":
      return unreachable(login, "connection refused; no SSH server listens there (yet)", retry);
    case "ENOTFOUND":
      return unreachable(login, `the name ${login.host} is not known to DNS or /etc/hosts`, {
        cause: error,
      });
    case "EAI_AGAIN":
      return unreachable(login, `the name ${login.host} could not be looked up right now`, retry);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return unreachable(login, "no route to the host; is it up, and is the address right?", retry);
    case "ETIMEDOUT":
      return unreachable(login, "no answer", retry);
    case "ECONNRESET":
      return unreachable(login, "the connection was reset", retry);
    default:
      return unreachable(login, error.message, { cause: error });
  }
}

function unreachable(
  login: Login,
  why: string,
  options: { cause?: unknown; retryable?: boolean } = {},
): SshError {
  return new SshError("unreachable", `${describeLogin(login)}: ${why}`, options);
}

function oneLine(text: string): string {
  return JSON.stringify(text.trim().slice(0, 200));
}
