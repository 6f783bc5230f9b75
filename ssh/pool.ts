import { Connection } from "./connection";
import { SshError } from "./error";
import { untilAborted } from "./until-aborted";
import type { ConnectionSettings } from "./connection-input";

interface Entry {
  opening: Promise<Connection>;
  /** Set once it is open. */
  connection?: Connection;
  /** Those who wait, to be told that and for how long. */
  listeners: Set<(text: string) => void>;
}

/**
 * One connection for all commands that log in alike, opened at the first and kept until `close`. A login that was
 * refused is not tried again by the next command: that would be the repetition that locks accounts.
 */
export class ConnectionPool {
  private readonly entries = new Map<string, Entry>();
  private readonly closing = new AbortController();
  private readonly reported = new Set<string>();

  /** True the first time that it is asked about this text: what concerns a host is told once, not with each command. */
  isNews(text: string): boolean {
    if (this.reported.has(text)) return false;
    this.reported.add(text);
    return true;
  }

  /**
   * @param signal ends this caller's wait; others who wait for the same connection go on.
   * @throws SshError, or the signal's reason.
   */
  async get(
    settings: ConnectionSettings,
    signal: AbortSignal,
    onWaiting: (text: string) => void,
  ): Promise<Connection> {
    signal.throwIfAborted();
    const key = JSON.stringify(settings);
    let entry = this.entries.get(key);
    if (entry === undefined || entry.connection?.isOpen === false) {
      entry = this.open(key, settings);
    }
    entry.listeners.add(onWaiting);
    try {
      return await untilAborted(entry.opening, signal);
    } finally {
      entry.listeners.delete(onWaiting);
    }
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

  private open(key: string, { login, options }: ConnectionSettings): Entry {
    const listeners: Entry["listeners"] = new Set();
    const opening = Connection.open(login, {
      ...options,
      signal: this.closing.signal,
      onWaiting: (text) => listeners.forEach((listener) => listener(text)),
    });
    const entry: Entry = { opening, listeners };
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
