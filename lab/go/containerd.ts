import { join } from "node:path";
import { ensureGoProgram, requiredVersion, whyNoGoProgram, type GoProgram } from "./program";

const FOLDER = join(__dirname, "containerd");
const MODULE = "github.com/containerd/containerd/v2";

/** The version to build, such as v2.3.7. */
export const CONTAINERD_VERSION = requiredVersion(FOLDER, MODULE);

/**
 * containerd's newest release line. It needs a newer Go than every Debian release of the lab has. So the Go of this
 * machine builds it, unlike the containerd in the lab's own images.
 */
const CONTAINERD: GoProgram = {
  folder: FOLDER,
  packages: ["containerd", "containerd-shim-runc-v2", "ctr"].map((name) => `${MODULE}/cmd/${name}`),
  variables: { [`${MODULE}/version.Version`]: CONTAINERD_VERSION },
};

export const whyNoContainerd = (cache: string): string | undefined =>
  whyNoGoProgram(cache, CONTAINERD);

/**
 * The folder in the cache with its three executables, which are built at the first call: a minute or two on two cores.
 */
export const ensureContainerd = (cache: string, log: (line: string) => void): Promise<string> =>
  ensureGoProgram(cache, CONTAINERD, log);
