import type { Login } from "./login";

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
    port: typeof port === "number" ? port : 22,
    user: text("user") ?? "root",
    hostKeys: hostKey === undefined ? [] : [hostKey],
    ...(privateKey !== undefined && { privateKey }),
    ...(privateKeyPassphrase !== undefined && { privateKeyPassphrase }),
    ...(password !== undefined && { password }),
    ...(agentSocket !== undefined && { agentSocket }),
    ...(typeof proxy === "object" &&
      proxy !== null && { proxy: loginOf(proxy as Readonly<Record<string, unknown>>) }),
  };
}
