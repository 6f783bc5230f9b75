/** The two ways in which work ends early. Both were already told to the user when they are thrown. */

/** This step failed; its reason is in the diagnostics. */
export class StepFailed extends Error {}

/** Nothing new starts any more: after an error, or after Ctrl-C. */
export class Halted extends Error {
  constructor() {
    super("the operation is stopping");
  }
}
