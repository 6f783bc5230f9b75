import * as pulumi from "@pulumi/pulumi";
import { ClusterRegistry, type ClusterRegistryArgs } from "./components";
import { configValues } from "./settings/config";

/** The stack's configuration as one component. ClusterRegistry checks it, so it is handed over as it is. */
const configuration: unknown = configValues(pulumi.runtime.allConfig(), pulumi.getProject());

const { kubernetes, ui } = configuration as {
  kubernetes?: { pullCheck?: unknown } | null;
  ui?: unknown;
};
const isChecked = (kubernetes?.pullCheck ?? false) !== false;

const cluster = new ClusterRegistry("cluster", configuration as ClusterRegistryArgs);
const { registryUrl, imagePrefix, nodes, commands, pullCheck, uiUrl } = cluster;

// The SDK warns about an output without a value, so without a check or a page there is none.
export = {
  registryUrl,
  imagePrefix,
  nodes,
  commands,
  ...(isChecked && { pullCheck }),
  ...(ui !== undefined && { uiUrl }),
};
