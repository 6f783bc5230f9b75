import { whyNoPulumi } from "../../lab/go/pulumi";
import { cacheFolder } from "../../lab/paths";

const missing = whyNoPulumi(cacheFolder());

/** A test that needs the Pulumi CLI, which is built where it is not yet. Elsewhere it is skipped, and its title says why. */
export function testWithPulumi(title: string, work: () => Promise<void>, timeout?: number): void {
  if (missing === undefined) test(title, work, timeout);
  else test.skip(`${title} (skipped: ${missing})`, work);
}
