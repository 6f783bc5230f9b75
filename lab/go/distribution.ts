import { join } from "node:path";
import { ensureGoProgram, requiredVersion, whyNoGoProgram, type GoProgram } from "./program";

const FOLDER = join(__dirname, "distribution");
const MODULE = "github.com/distribution/distribution/v3";

/** The newest version, and one that deletes tags although deletes are off (CVE-2026-41888). */
export type DistributionVersion = "3.1.2" | "3.0.0";

/**
 * The registry server that `registry:3` names. Every Debian release has version 2.8 only, which the hub's image has. The
 * packages that both versions need are the same, and are compiled once.
 */
function program(version: DistributionVersion): GoProgram {
  const modfile = version === "3.1.2" ? "go.mod" : `${version}.mod`;
  return {
    folder: FOLDER,
    modfile,
    packages: ["cluster-registry.example/distribution/registry"],
    variables: { [`${MODULE}/version.version`]: requiredVersion(FOLDER, MODULE, modfile) },
  };
}

export const whyNoDistribution = (cache: string): string | undefined =>
  whyNoGoProgram(cache, program("3.1.2"));

/** The server's executable in the cache, built at the first call: two minutes on two cores. */
export async function ensureDistribution(
  cache: string,
  log: (line: string) => void,
  version: DistributionVersion = "3.1.2",
): Promise<string> {
  return join(await ensureGoProgram(cache, program(version), log), "registry");
}
