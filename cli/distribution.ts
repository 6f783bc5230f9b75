import { ensureDistribution, whyNoDistribution } from "../lab/go/distribution";
import { printBuilt } from "./built-program";

/** `npm run -s distribution`: builds the registry server of version 3 if necessary, and prints its path. */
export const main = (args: string[]): Promise<void> =>
  printBuilt(
    { script: "distribution", whyNot: whyNoDistribution, ensure: ensureDistribution },
    args,
  );
