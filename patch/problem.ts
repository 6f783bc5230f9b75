/**
 * One problem that blocks a plan, and everything that is needed to fix it: the place, the expected state, the actual
 * one, and the fix.
 */
export interface Problem {
  /** The file, or `settings` if the settings are wrong. */
  file: string;
  /** Line in the file, from 1. */
  line?: number;
  /** Column in characters, from 1. */
  column?: number;
  /** What the plan needs. */
  expected: string;
  /** What is there instead. */
  found: string;
  /** How a person can fix it. */
  fix: string;
  /** The lines around the place, with a mark below it. Credentials are masked. */
  frame?: string;
}

/**
 * The reasons why a file is not changed. There is no partial plan: either every change is certain, or this is thrown.
 */
export class Refusal extends Error {
  /** All problems, in file order; never empty. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: { cause?: unknown }) {
    super(problems.map(describeProblem).join("\n\n"), options);
    this.name = "Refusal";
    this.problems = problems;
  }
}

/** A problem as text: `file:line:column: expected ..., found ...`, then the frame, then the fix. */
export function describeProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column]
    .filter((part) => part !== undefined)
    .join(":");
  const lines = [`${place}: expected ${problem.expected}; found ${problem.found}`];
  if (problem.frame !== undefined) lines.push(problem.frame);
  lines.push(`  fix: ${problem.fix}`);
  return lines.join("\n");
}
