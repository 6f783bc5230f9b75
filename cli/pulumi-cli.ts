import { ensurePulumi, whyNoPulumi } from "../lab/go/pulumi";
import { printBuilt } from "./built-program";

/** `npm run -s pulumi-cli`: builds the Pulumi CLI from its Go module if necessary, and prints its path. */
export const main = (args: string[]): Promise<void> =>
  printBuilt({ script: "pulumi-cli", whyNot: whyNoPulumi, ensure: ensurePulumi }, args);
