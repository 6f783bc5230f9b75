import { type Daemon, isFormer, parsePayload, type Payload } from "../helper/payload";
import type { Observation, ObservedRecord } from "../observation/observation";
import { HostRefusal } from "../observation/refusal";

/** A record that claims something in a daemon's files. */
export interface Claimant {
  id: string;
  /** What it wants in the files, as it was given. */
  spec: unknown;
  /** Its place among the claimants. In a list with settings of several claimants, the first one's come first. */
  order: number;
  revision: number;
  /**
   * docker: names that the daemon treats as insecure for this claimant and for the claimants that were there with it.
   */
  insecure: string[];
  /** docker: mirrors of Docker Hub that it has for these. */
  mirrors: string[];
}

/** A file is planned for every subset of its claimants: 2^n plans. */
const MOST = 5;

/** Records of an earlier version have no place. They come last until their next apply. */
const LAST = Number.MAX_SAFE_INTEGER;

/**
 * The other claimants of a daemon's files on a host, in order.
 * @throws HostRefusal if there are too many, or if a record cannot be read
 */
export function otherClaimants(observation: Observation, daemon: Daemon, id: string): Claimant[] {
  const instead = takenOver(observation, id);
  const others = observation.records
    .filter((record) => record.id !== id && !instead.includes(record.id))
    .flatMap((record) => claimant(record, daemon))
    .sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
  if (others.length >= MOST) {
    throw new HostRefusal(
      `expected at most ${MOST} stacks that configure ${daemon} on one host; found ${others.map((one) => one.id).join(", ")}\n` +
        "  fix: destroy one of them, or take this host out of this stack",
    );
  }
  return others;
}

/** The place of a record: its present one, or else the one after all others. */
export function orderOf(last: Payload | undefined, others: readonly Claimant[]): number {
  if (last !== undefined && last.order > 0) return last.order;
  return 1 + Math.max(0, ...others.map(({ order }) => order).filter((order) => order < LAST));
}

/**
 * Records of the same stack under another node's name. This host was that node before, because nodes were renamed or
 * hosts have changed places. A node has one host, so the record of its name takes these over.
 */
export function takenOver({ records }: Observation, id: string): string[] {
  const mark = ".containerd-";
  const at = id.indexOf(mark);
  if (at < 0) return [];
  const stack = id.slice(0, at + mark.length);
  return records.map((one) => one.id).filter((one) => one !== id && one.startsWith(stack));
}

function claimant({ id, payload: text }: ObservedRecord, daemon: Daemon): Claimant[] {
  if (text === undefined) return [];
  try {
    const payload = parsePayload(text);
    if (payload.daemon !== daemon) return [];
    const { revision, order, insecure, mirrors } = payload;
    const spec: unknown = JSON.parse(payload.spec);
    return [{ id, spec, revision, insecure, mirrors, order: isFormer(text) ? LAST : order }];
  } catch (error) {
    throw new HostRefusal(
      `expected a record of ${id} that this version can read; found: ${(error as Error).message}\n` +
        "  fix: run a version of cluster-registry that is as new as the one that wrote it",
      { cause: error },
    );
  }
}
