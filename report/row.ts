import type { State } from "./states";

/** How containerd has the registry: as `mirrors` in its own file, or in `hosts.toml` files beside it. */
export type Way = "mirrors" | "hosts.toml";

/** One thing on one host that this program takes care of. */
export interface Row {
  readonly host: string;
  /** A node's role in the settings; `registry` for what belongs to the registry. */
  readonly role: "master" | "worker" | "registry";
  /** The host's operating system, if it is known. */
  readonly os?: string;
  /** `containerd`, `docker`, `page`, or `container NAME`. */
  readonly what: string;
  /** The daemon's version, if it is known. */
  readonly version?: string;
  /** containerd only, if it is known. */
  readonly way?: Way;
  /** The files with lines of this program, or where they would be. */
  readonly files: readonly string[];
  readonly state: State;
  /** Why it is not in sync. Empty if it is, or if the row before of the same host says it. */
  readonly details: readonly string[];
  /** A unified diff from the live files to the desired ones, with credentials masked. Undefined if no line changes. */
  readonly diff?: string;
  /** When this stack last changed it, in ISO 8601. Undefined if it never did, or if the host does not report it. */
  readonly appliedAt?: string;
}

/** The rows with the names of what they belong to. */
export interface Report {
  readonly stack: string;
  /** `ADDRESS:PORT` of the registry. */
  readonly registry: string;
  readonly rows: readonly Row[];
}
