/** The two ways in which work ends early. When they are thrown, the reason is already reported. */

/** This step failed; the diagnostics contain its reason. */
export class StepFailed extends Error {}

/** No new step starts any more: after an error, or after Ctrl-C. */
export class Halted extends Error {
  constructor() {
    super("the operation is stopping");
  }
}
