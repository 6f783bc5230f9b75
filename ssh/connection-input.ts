import type { OpenOptions } from "./connection";
import type { Login } from "./login";

/** A remote command's `connection` input, and how long to try. */
export interface ConnectionSettings {
  login: Login;
  options: Pick<OpenOptions, "dialErrorLimit" | "connectSeconds" | "proxy">;
}

/**
 * The login of a remote command's `connection` input, as a state has it. Without a `hostKey` none is accepted.
 *
 * SSH_AUTH_SOCK counts only where the connection has neither key nor password, so that an agent's keys are never offered
 * beside the one that was asked for.
 */
export function loginOf(connection: Readonly<Record<string, unknown>>): Login {
  const text = (name: string): string | undefined => {
    const value = connection[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const [privateKey, password, hostKey] = [text("privateKey"), text("password"), text("hostKey")];
  const fallback =
    privateKey === undefined && password === undefined ? process.env["SSH_AUTH_SOCK"] : undefined;
  const agentSocket = text("agentSocketPath") ?? fallback;
  const privateKeyPassphrase = text("privateKeyPassword");
  const { port, proxy } = connection;
  return {
    host: text("host") ?? "",
    port: number(port, 22),
    user: text("user") ?? "root",
    hostKeys: hostKey === undefined ? [] : [hostKey],
    ...(privateKey !== undefined && { privateKey }),
    ...(privateKeyPassphrase !== undefined && { privateKeyPassphrase }),
    ...(password !== undefined && { password }),
    ...(agentSocket !== undefined && { agentSocket }),
    ...(isObject(proxy) && { proxy: loginOf(proxy) }),
  };
}

/** The same with its limits. Without a `hostKey` any is accepted, as by the real provider: the program decides, and is told. */
export function connectionSettings(
  connection: Readonly<Record<string, unknown>>,
): ConnectionSettings {
  const { dialErrorLimit, perDialTimeout, proxy } = connection;
  const login = loginOf(connection);
  const via = isObject(proxy) ? connectionSettings(proxy) : undefined;
  return {
    login: {
      ...login,
      ...(login.hostKeys?.length === 0 && { hostKeyPolicy: "accept-any" }),
      ...(via && { proxy: via.login }),
    },
    options: {
      dialErrorLimit: number(dialErrorLimit, 10),
      connectSeconds: number(perDialTimeout, 15),
      ...(via && { proxy: via.options }),
    },
  };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const number = (value: unknown, otherwise: number): number =>
  typeof value === "number" ? value : otherwise;
