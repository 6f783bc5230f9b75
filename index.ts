import * as pulumi from "@pulumi/pulumi";
import { ClusterRegistry, type ClusterRegistryArgs } from "./components";
import { configValues } from "./settings/config";

/** The stack's configuration as one component. ClusterRegistry checks it, so it is handed over as it is. */
const configuration: unknown = configValues(pulumi.runtime.allConfig(), pulumi.getProject());

const {
  kubernetes,
  caches: given,
  ui,
  onUnreachable,
  onProblem,
} = configuration as {
  kubernetes?: { pullCheck?: unknown } | null;
  caches?: unknown;
  ui?: unknown;
  onUnreachable?: unknown;
  onProblem?: unknown;
};
const isChecked = (kubernetes?.pullCheck ?? false) !== false;
const isCached = Array.isArray(given) && given.length > 0;

const skips = [onUnreachable, onProblem].includes("skip");

const cluster = new ClusterRegistry("cluster", configuration as ClusterRegistryArgs);
const { registryUrl, imagePrefix, nodes, commands, pullCheck, caches, uiUrl, skipped } = cluster;

// The SDK warns about an output without a value, so without a check, caches, a page or skips there is none.
export = {
  registryUrl,
  imagePrefix,
  nodes,
  commands,
  ...(isChecked && { pullCheck }),
  ...(isCached && { caches }),
  ...(ui !== undefined && { uiUrl }),
  ...(skips && { skipped }),
};
