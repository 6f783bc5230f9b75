import { whyNoLab } from "../lab";

/**
 * `describe` for tests that need real hosts. Where this machine cannot have any, they count as skipped, with the reason in the
 * title. In CI as root on Linux nothing is ever skipped: a lab that does not come up there is a failure.
 */
export function describeLab(title: string, tests: () => void): void {
  const reason = whyNoLab();
  if (reason) describe.skip(`${title} (skipped: ${reason})`, tests);
  else describe(title, tests);
}
