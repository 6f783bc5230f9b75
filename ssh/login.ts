/** How to reach one host. It is complete: no file and no environment variable is read. */
export interface Login {
  /** The name or address for the connection and for errors. */
  host: string;
  port: number;
  user: string;
  /** The host's name for people, if it is not `host`: "node02". Only for messages. @default host */
  name?: string;
  /** Text of an OpenSSH or PEM private key. Offered once, before the password and the agent. */
  privateKey?: string;
  privateKeyPassphrase?: string;
  /** Offered once: as `password` if the server has that method, or else as the answer to keyboard-interactive. */
  password?: string;
  /** Path of an agent's socket. An agent is used only if this is set: SSH_AUTH_SOCK alone has no effect here. */
  agentSocket?: string;
  /**
   * The agent's keys to offer first, each as "TYPE BASE64". With `only`, no other key is offered. @default all, in the
   * agent's order
   */
  agentKeys?: { keys: string[]; only: boolean };
  /**
   * Keys that a user may expect to be offered but that are not, with the reason. Only for the message of a refused
   * login.
   */
  notOffered?: string[];
  /**
   * Accepted host keys, each as "ssh-ed25519 AAAA..." (a comment may follow). An empty list is refused, unless
   * `hostKeyPolicy` is `accept-any`.
   */
  hostKeys?: string[];
  /** Host keys that are always refused, even with `accept-any`. */
  revokedHostKeys?: string[];
  /**
   * `accept-any` accepts every key, and so does not protect against an attacker in the middle.
   * @default "verify"
   */
  hostKeyPolicy?: "verify" | "accept-any";
  /** The limits of the connections that this program opens. */
  limits?: Limits;
  /**
   * The limits that resources get too: those of the settings alone. An ssh config differs between operators, and each would
   * see a change.
   */
  sharedLimits?: Limits;
  /** The bastion. Its own host keys are checked as strictly. It may have a bastion too. */
  proxy?: Login;
}

/** Time limits of a connection. */
export interface Limits {
  /** For one TCP connection, in seconds. @default 15 */
  connectSeconds?: number;
  /** Ask a server that is silent for so many seconds; after so many misses, the link is dead. @default 15, 3 */
  keepAlive?: { seconds: number; misses: number };
}

/** `node02 (root@172.30.3.2:22)`, or only the part in brackets if there is no name. Never contains a secret. */
export function describeLogin(login: Login): string {
  const address = `${login.user}@${endpoint(login)}`;
  const via = login.proxy === undefined ? "" : ` through ${endpoint(login.proxy)}`;
  return login.name === undefined || login.name === login.host
    ? `${address}${via}`
    : `${login.name} (${address}${via})`;
}

/** `172.30.3.2:22`, `[fd00::1]:22`. */
export function endpoint(login: Pick<Login, "host" | "port">): string {
  return login.host.includes(":") ? `[${login.host}]:${login.port}` : `${login.host}:${login.port}`;
}

/** The host's short name in progress messages: "waiting for ssh node02 (35 s)". */
export function hostName(login: Login): string {
  return login.name ?? login.host;
}
