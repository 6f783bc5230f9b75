/** Why a pull fails: what a person reads. */
export interface Cause {
  /** One sentence without its full stop. */
  readonly cause: string;
  /** The lines that show it: of files, of commands, or the runtime's own message. */
  readonly evidence: readonly string[];
  /** The command that cures it, for the operator's shell; or, where no command can, what a person has to do. */
  readonly fix: string;
}

/** One question about facts that were already collected. */
export interface Check<Facts> {
  /** What is true if the check passes, for `--verbose`. */
  readonly passed: (facts: Facts) => string;
  readonly find: (facts: Facts) => Cause | undefined;
}

/** The result of the checks up to the first that failed. What comes after it would only repeat it. */
export interface Examined {
  readonly passed: readonly string[];
  readonly cause?: Cause;
}

/** Asks the questions in their order, until one has found a cause. */
export function examine<Facts>(checks: readonly Check<Facts>[], facts: Facts): Examined {
  const passed: string[] = [];
  for (const check of checks) {
    const cause = check.find(facts);
    if (cause !== undefined) return { passed, cause };
    passed.push(check.passed(facts));
  }
  return { passed };
}
