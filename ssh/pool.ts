import { setMaxListeners } from "node:events";
import { Connection } from "./connection";
import type { OpenOptions } from "./connection";
import { SshError } from "./error";
import type { Login } from "./login";
import { untilAborted } from "./until-aborted";

/** A login, and how long to try. */
export interface PoolRequest {
  readonly login: Login;
  readonly options: Pick<
    OpenOptions,
    "dialErrorLimit" | "waitSeconds" | "connectSeconds" | "proxy"
  >;
}

interface Entry {
  /** Where the connection goes, and how it logs in. */
  readonly who: string;
  readonly opening: Promise<Connection>;
  /** Set once it is open. */
  connection?: Connection;
  /** Those who wait, to be told that and for how long. */
  readonly listeners: Set<(text: string) => void>;
}

/**
 * One connection for all that log in alike, opened by the first and kept until `close`. A login that was refused is not
 * tried again by the next one: that would be the repetition that locks accounts.
 */
export class ConnectionPool {
  private readonly entries = new Map<string, Entry>();
  private readonly closing = new AbortController();
  private readonly reported = new Set<string>();

  constructor() {
    setMaxListeners(0, this.closing.signal); // one for each host
  }

  /** True the first time that it is asked about this text: what concerns a host is told once, not with each command. */
  isNews(text: string): boolean {
    if (this.reported.has(text)) return false;
    this.reported.add(text);
    return true;
  }

  /**
   * A connection of another request serves this one too, if it goes to the same place with the same login, and if this
   * request also accepts the keys that the host and its bastion have shown.
   *
   * @param signal ends this caller's wait; others who wait for the same connection go on.
   * @throws SshError, or the signal's reason.
   */
  async get(
    request: PoolRequest,
    signal: AbortSignal,
    onWaiting: (text: string) => void,
  ): Promise<Connection> {
    signal.throwIfAborted();
    const key = JSON.stringify(request);
    const alike = this.usable(key) === undefined ? this.alike(request.login) : [];
    for (const entry of alike) {
      const shared = await sharedBy(entry, request.login, signal, onWaiting);
      if (shared !== undefined) return shared;
    }
    // Without a wait before it, so that the next request finds this one.
    return wait(this.usable(key) ?? this.open(key, request), signal, onWaiting);
  }

  /** Closes every connection, and ends every wait for one. */
  async close(): Promise<void> {
    this.closing.abort(new Error("the run is over"));
    const all = [...this.entries.values()].map((entry) => entry.opening);
    this.entries.clear();
    for (const result of await Promise.allSettled(all)) {
      if (result.status === "fulfilled") result.value.close();
    }
  }

  /** The entry of exactly this request, unless its connection is broken. */
  private usable(key: string): Entry | undefined {
    const entry = this.entries.get(key);
    return entry?.connection?.isOpen === false ? undefined : entry;
  }

  private alike(login: Login): Entry[] {
    const who = whoOf(login);
    return [...this.entries.values()].filter((entry) => entry.who === who);
  }

  private open(key: string, { login, options }: PoolRequest): Entry {
    const listeners: Entry["listeners"] = new Set();
    const opening = Connection.open(login, {
      ...options,
      signal: this.closing.signal,
      onWaiting: (text) => listeners.forEach((listener) => listener(text)),
    });
    const entry: Entry = { who: whoOf(login), opening, listeners };
    this.entries.set(key, entry);
    opening.then(
      (connection) => (entry.connection = connection),
      (error: unknown) => {
        // Kept where trying again would do harm; forgotten where the host may answer the next command.
        const final =
          error instanceof SshError && ["authentication", "host-key"].includes(error.kind);
        if (!final && this.entries.get(key) === entry) this.entries.delete(key);
      },
    );
    return entry;
  }
}

/** Another request's connection, if it comes about and may serve this login. */
async function sharedBy(
  entry: Entry,
  login: Login,
  signal: AbortSignal,
  onWaiting: (text: string) => void,
): Promise<Connection | undefined> {
  try {
    const connection = await wait(entry, signal, onWaiting);
    return connection.isOpen && connection.isTrustedBy(login) ? connection : undefined;
  } catch (error) {
    // The other request may have had less patience, or other host keys. A refused login would be refused again.
    if (!(error instanceof SshError) || error.kind === "authentication") throw error;
    return undefined;
  }
}

async function wait(
  entry: Entry,
  signal: AbortSignal,
  onWaiting: (text: string) => void,
): Promise<Connection> {
  entry.listeners.add(onWaiting);
  try {
    return await untilAborted(entry.opening, signal);
  } finally {
    entry.listeners.delete(onWaiting);
  }
}

/** Everything that decides where a connection goes and as whom it logs in. Host keys only decide whether it may. */
function whoOf(login: Login): string {
  const { host, port, user, privateKey, privateKeyPassphrase, password } = login;
  const { agentSocket, agentKeys, proxy } = login;
  return JSON.stringify([
    ...[host, port, user, privateKey, privateKeyPassphrase, password, agentSocket, agentKeys],
    proxy && whoOf(proxy),
  ]);
}
