import type { OpenOptions } from "../../../ssh/connection";
import type { Login } from "../../../ssh/login";
import type { Props, Value } from "../provider";
import { isProps } from "../schema";

/** A checked `connection` input, as the ssh code takes it. */
export interface ConnectionSettings {
  login: Login;
  options: Pick<OpenOptions, "dialErrorLimit" | "connectSeconds" | "proxy">;
}

/**
 * @param agentSocket SSH_AUTH_SOCK of this process: used only where the connection has neither key nor password, so that
 * an agent's keys are never offered beside the one that was asked for.
 */
export function connectionSettings(
  connection: Value | undefined,
  agentSocket = process.env["SSH_AUTH_SOCK"],
): ConnectionSettings {
  if (!isProps(connection)) throw new Error("connection: expected an object");
  const { proxy } = connection;
  const via = proxy === undefined ? undefined : connectionSettings(proxy, agentSocket);
  return {
    login: { ...toLogin(connection, agentSocket), ...(via && { proxy: via.login }) },
    options: { ...toOptions(connection), ...(via && { proxy: via.options }) },
  };
}

function toLogin(connection: Props, agentSocket: string | undefined): Login {
  const text = (name: string): string | undefined => {
    const value = connection[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const privateKey = text("privateKey");
  const password = text("password");
  const fallback = privateKey === undefined && password === undefined ? agentSocket : undefined;
  const hostKey = text("hostKey");
  return {
    host: text("host") ?? "",
    port: number(connection["port"], 22),
    user: text("user") ?? "root",
    privateKey,
    privateKeyPassphrase: text("privateKeyPassword"),
    password,
    agentSocket: text("agentSocketPath") ?? fallback,
    // The real provider checks no host key that it was not given; the program decides, and is told.
    ...(hostKey === undefined ? { hostKeyPolicy: "accept-any" } : { hostKeys: [hostKey] }),
  };
}

function toOptions(connection: Props): Pick<OpenOptions, "dialErrorLimit" | "connectSeconds"> {
  return {
    dialErrorLimit: number(connection["dialErrorLimit"], 10),
    connectSeconds: number(connection["perDialTimeout"], 15),
  };
}

function number(value: Value | undefined, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
