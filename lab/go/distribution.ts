import { join } from "node:path";
import { ensureGoProgram, requiredVersion, whyNoGoProgram, type GoProgram } from "./program";

const FOLDER = join(__dirname, "distribution");
const MODULE = "github.com/distribution/distribution/v3";

/** The version to build, such as v3.1.2. */
export const DISTRIBUTION_VERSION = requiredVersion(FOLDER, MODULE);

/** The registry server that `registry:3` names. Every Debian release has version 2.8 only, which the hub's image has. */
const DISTRIBUTION: GoProgram = {
  folder: FOLDER,
  packages: ["cluster-registry.example/distribution/registry"],
  variables: { [`${MODULE}/version.version`]: DISTRIBUTION_VERSION },
};

export const whyNoDistribution = (cache: string): string | undefined =>
  whyNoGoProgram(cache, DISTRIBUTION);

/** The server's executable in the cache, built at the first call: two minutes on two cores. */
export async function ensureDistribution(
  cache: string,
  log: (line: string) => void,
): Promise<string> {
  return join(await ensureGoProgram(cache, DISTRIBUTION, log), "registry");
}
