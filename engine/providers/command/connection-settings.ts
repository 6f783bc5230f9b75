import type { OpenOptions } from "../../../ssh/connection";
import { loginOf } from "../../../ssh/connection-input";
import type { Login } from "../../../ssh/login";
import type { Value } from "../provider";
import { isProps } from "../schema";

/** A checked `connection` input, as the ssh code takes it. */
export interface ConnectionSettings {
  login: Login;
  options: Pick<OpenOptions, "dialErrorLimit" | "connectSeconds" | "proxy">;
}

export function connectionSettings(connection: Value | undefined): ConnectionSettings {
  if (!isProps(connection)) throw new Error("connection: expected an object");
  const { dialErrorLimit, perDialTimeout, proxy } = connection;
  const login = loginOf(connection);
  const via = proxy === undefined ? undefined : connectionSettings(proxy);
  return {
    login: {
      ...login,
      // The real provider checks no host key that it was not given; the program decides, and is told.
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

function number(value: Value | undefined, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
