/** How to reach one host. Everything that is needed is inside: no file, no environment variable is read. */
export interface Login {
  /** Name or address that is dialled, and that errors name. */
  host: string;
  port: number;
  user: string;
  /** What people call the host, when that is not `host`: "node02". Only for messages. @default host */
  name?: string;
  /** Text of an OpenSSH or PEM private key. Offered once; tried before the password and the agent. */
  privateKey?: string;
  privateKeyPassphrase?: string;
  /** Offered once: as `password` where the server has that method, else as the answer to keyboard-interactive. */
  password?: string;
  /** Path of an agent's socket. The agent is asked only if this is set: SSH_AUTH_SOCK alone means nothing here. */
  agentSocket?: string;
  /** Which of the agent's keys are offered first, each as "TYPE BASE64"; `only`: no other is. @default all, in its order */
  agentKeys?: { keys: string[]; only: boolean };
  /** What a user may expect to be offered and is not, with the reason. Only for the message of a refused login. */
  notOffered?: string[];
  /**
   * Accepted host keys, each as "ssh-ed25519 AAAA..." (a comment may follow). None is refused, unless
   * `hostKeyPolicy` is `accept-any`.
   */
  hostKeys?: string[];
  /** Host keys that are refused whatever else is said, `accept-any` included. */
  revokedHostKeys?: string[];
  /**
   * `accept-any` takes whatever key the server shows, and so protects against nobody in the middle.
   * @default "verify"
   */
  hostKeyPolicy?: "verify" | "accept-any";
  /** Bastion to go through. Its own host keys are checked as strictly; it may have a bastion too. */
  proxy?: Login;
}

/** `node02 (root@172.30.3.2:22)`, or without the name where there is none. Never holds a secret. */
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

/** The short name of a host in progress messages: "waiting for ssh node02 (35 s)". */
export function hostName(login: Login): string {
  return login.name ?? login.host;
}
