import type { Surveyed } from "../observation/hosts";
import type { Settings } from "../settings/schema";
import { SshError, type SshErrorKind } from "../ssh/error";
import type { Problem } from "./refusals";

/** A node that this run leaves as it is, and why. */
export interface Skipped {
  readonly host: string;
  /** `unreachable`: no login was possible within the time limit; `problem`: something on the node must be resolved first. */
  readonly kind: "unreachable" | "problem";
  readonly reason: string;
}

/** A refused login or a wrong host key is a problem that somebody must resolve, not a host that is off. */
const OUT_OF_REACH: readonly SshErrorKind[] = ["unreachable", "timeout", "lost"];

/**
 * Divides the problems: those of nodes that the settings skip, and those that stop the run. The registry's host is never
 * skipped, because no node can pull without it.
 */
export function skippedOf(
  { nodes, registry, onUnreachable, onProblem }: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
  problems: readonly Problem[],
): { skipped: Skipped[]; remaining: Problem[] } {
  const skipped = new Map<string, Skipped>();
  const remaining: Problem[] = [];
  for (const problem of problems) {
    const { host, reason } = problem;
    const kind = isOutOfReach(surveyed.get(host)) ? "unreachable" : "problem";
    const policy = kind === "unreachable" ? onUnreachable : onProblem;
    const isNode = nodes.some(({ name }) => name === host) && host !== registry.host;
    if (!isNode || policy === "fail") remaining.push(problem);
    else {
      const before = skipped.get(host);
      skipped.set(host, {
        host,
        kind,
        reason: before === undefined ? reason : `${before.reason}\n${reason}`,
      });
    }
  }
  return { skipped: [...skipped.values()], remaining };
}

function isOutOfReach(host: Surveyed | undefined): boolean {
  if (host === undefined || !("error" in host)) return false;
  return host.error instanceof SshError && OUT_OF_REACH.includes(host.error.kind);
}

/** What a skip means for the node. @param wasApplied an earlier run configured it */
export function skippedNote({ host, kind, reason }: Skipped, wasApplied: boolean): string {
  const setting = kind === "unreachable" ? "onUnreachable" : "onProblem";
  const then = wasApplied
    ? "It keeps its configuration, and its resources stay as they are."
    : "It has no configuration of this stack yet, so it may not pull from the registry.";
  return `${host} is skipped (${setting}: skip): ${reason}\n  ${then} The next up covers it.`;
}
