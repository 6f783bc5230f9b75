import { whyNoLab } from "../lab";
import { whyNoDistribution } from "../lab/go/distribution";
import { whyNoKubernetes } from "../lab/go/kubernetes";
import { cacheFolder } from "../lab/paths";

/** Why this machine cannot have a cluster with a registry of distribution 3; undefined when it can. */
export const whyNoCluster = (): string | undefined =>
  whyNoLab() ?? whyNoKubernetes(cacheFolder()) ?? whyNoDistribution(cacheFolder());

/** `describe` for tests that need a cluster. Where there can be none, they count as skipped, with the reason in the title. */
export function describeCluster(title: string, tests: () => void): void {
  const reason = whyNoCluster();
  if (reason) describe.skip(`${title} (skipped: ${reason})`, tests);
  else describe(title, tests);
}
