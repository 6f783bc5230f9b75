/**
 * One thing that stands in the way of a plan, with all that is needed to mend it: where it is, what
 * should be there, what is there, and what to do.
 */
export interface Problem {
  /** The file, or `settings` where what was asked for is itself at fault. */
  file: string;
  /** Line in the file, from 1. */
  line?: number;
  /** Column in characters, from 1. */
  column?: number;
  /** What a plan needs to be so. */
  expected: string;
  /** What is so. */
  found: string;
  /** What a person does about it. */
  fix: string;
  /** The lines around the place with a mark below it; credential values are masked. */
  frame?: string;
}

/**
 * Says that a file is left alone, and why. Nothing is ever half planned: either every change is
 * certain, or this is thrown.
 */
export class Refusal extends Error {
  /** Everything that was found wrong, in file order; never empty. */
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
