/**
 * What is measured, in the order of one round. Each case begins where the one before it ended.
 *
 * - `apply`: every node gets the mirror, containerd restarts, and its CRI plugin is asked afterwards
 * - `second run`: the same command again; nothing is to be done
 * - `preview`: reads every node, and finds nothing to do
 * - `preview, drifted`: reads every node; one in three has lost the mirror
 * - `destroy`: every node loses the mirror, containerd restarts, and its CRI plugin is asked afterwards
 */
export const CASES = ["apply", "second run", "preview", "preview, drifted", "destroy"] as const;
export type Case = (typeof CASES)[number];

/** A fleet as the tools get it. */
export interface Fleet {
  readonly nodes: readonly { readonly name: string; readonly address: string }[];
  /** `ADDRESS:PORT` of the registry, which runs already. */
  readonly registry: string;
  readonly registryHost: { readonly name: string; readonly address: string };
  readonly privateKeyPath: string;
  readonly knownHostsPath: string;
  /** A folder for the tool's own files, which is empty at first. */
  readonly folder: string;
}

/** A command line, and where it runs. */
export interface Invocation {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A tool that does the nodes' half of the job. */
export interface Tool {
  readonly name: string;
  /** What it is measured for. @default everything */
  readonly cases?: readonly Case[];
  /** Why it cannot run here; undefined if it can. */
  whyNot(): string | undefined;
  /** Writes the tool's files for the fleet. What it takes is not measured. */
  prepare(fleet: Fleet): Promise<void>;
  invocation(fleet: Fleet, one: Case): Invocation;
  /** Whether the output of the drifted preview names this many nodes. @default its exit code alone counts */
  foundDrift?(output: string, nodes: number): boolean;
}
