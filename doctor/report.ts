import type { Cause } from "./cause";

/** The result for one node, or for the registry. */
export interface Diagnosis {
  /** The node's name; `registry` for the registry. */
  readonly name: string;
  readonly passed: readonly string[];
  readonly cause?: Cause;
  /** Why it was not examined to the end, although no cause was found. */
  readonly skipped?: string;
}

/** For people: one cause each, with what shows it and the command that cures it. */
export function reportText(all: readonly Diagnosis[], image: string, verbose: boolean): string {
  const lines = all.flatMap((each) => [
    ...(verbose ? each.passed.map((text) => `${each.name}: ok: ${text}`) : []),
    ...diagnosisLines(each, image),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}

function diagnosisLines({ name, cause, skipped }: Diagnosis, image: string): string[] {
  if (cause !== undefined)
    return [
      `${name}: ${cause.cause}`,
      ...cause.evidence.map((line) => `  ${line}`),
      `  fix: ${cause.fix}`,
    ];
  if (skipped !== undefined) return [`${name}: ${skipped}`];
  // A healthy registry needs no line: the nodes that pull from it say so.
  return name === "registry" ? [] : [`${name}: healthy, pulled ${image}`];
}

/** For programs. */
export function reportJson(all: readonly Diagnosis[], image: string): string {
  const results = all.map(({ name, passed, cause, skipped }) => ({
    name,
    healthy: cause === undefined && skipped === undefined,
    ...cause,
    ...(skipped !== undefined && { skipped }),
    passed,
  }));
  return `${JSON.stringify({ image, results }, null, 2)}\n`;
}

/** Whether everything that was asked about is well. */
export const isHealthy = (all: readonly Diagnosis[]) =>
  all.every(({ cause, skipped }) => cause === undefined && skipped === undefined);
