import { type Problem, Refusal } from "../problem";
import { type TomlDocument } from "../toml/document";
import { type DaemonVersion } from "./version";

/** Where a file has what a fact is about, and what to say of it. */
export interface Finding {
  offset: number;
  expected: string;
  found: string;
  fix: string;
}

/**
 * One thing that containerd does with a file which TOML, or its manual, does not say. The refusals ask the tables of
 * these; the unit tests plan every example; the matrix suite gives every example to the real daemons.
 */
export interface Fact {
  /** What the daemon does, as the rest of a sentence that begins with its name. */
  does: string;
  /** Of which versions it is true. */
  of: (daemon: DaemonVersion) => boolean;
  /** The smallest file that shows it. */
  example: string;
  /** The example as its fix has it. */
  instead: string;
  /** Refused here, although the daemon starts with the example. */
  refusedAnyway?: string;
  find: (document: TomlDocument, daemon: DaemonVersion) => Finding | undefined;
}

export const on1x = (daemon: DaemonVersion): boolean => daemon.major < 2;
export const on2x = (daemon: DaemonVersion): boolean => daemon.major >= 2;
export const onAll = (): boolean => true;

/** Everything of these facts that a document has. */
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

/** @throws Refusal with all problems that `problemsOf` finds */
export function refuseFacts(...args: Parameters<typeof problemsOf>): void {
  const problems = problemsOf(...args);
  if (problems.length > 0) throw new Refusal(problems);
}
