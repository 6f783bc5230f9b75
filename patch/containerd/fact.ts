import { type Problem, Refusal } from "../problem";
import { type TomlDocument } from "../toml/document";
import { type DaemonVersion } from "./version";

/** A place in a file to which a fact applies, and the message for it. */
export interface Finding {
  offset: number;
  expected: string;
  found: string;
  fix: string;
}

/**
 * A fact about how containerd reads a file that TOML, or containerd's manual, does not state. The refusals use tables
 * of facts, the unit tests plan every example, and the matrix suite gives every example to real daemons.
 */
export interface Fact {
  /** What the daemon does: the rest of a sentence that begins with the daemon's name. */
  does: string;
  /** The versions for which it is true. */
  of: (daemon: DaemonVersion) => boolean;
  /** The smallest file that demonstrates it. */
  example: string;
  /** The example after its fix. */
  instead: string;
  /** Why it is refused here although the daemon starts with the example. */
  refusedAnyway?: string;
  find: (document: TomlDocument, daemon: DaemonVersion) => Finding | undefined;
}

export const on1x = (daemon: DaemonVersion): boolean => daemon.major < 2;
export const on2x = (daemon: DaemonVersion): boolean => daemon.major >= 2;
export const onAll = (): boolean => true;

/** All problems of a document that these facts find. */
export function problemsOf(
  facts: readonly Fact[],
  document: TomlDocument,
  daemon: DaemonVersion,
): Problem[] {
  return facts
    .filter((fact) => fact.of(daemon))
    .flatMap((fact): Problem[] => {
      const finding = fact.find(document, daemon);
      return finding === undefined ? [] : [document.source.problem(finding.offset, finding)];
    });
}

/** @throws Refusal with all problems from `problemsOf` */
export function refuseFacts(...args: Parameters<typeof problemsOf>): void {
  const problems = problemsOf(...args);
  if (problems.length > 0) throw new Refusal(problems);
}
