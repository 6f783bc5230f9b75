import * as pulumi from "@pulumi/pulumi";
import { ClusterRegistry, type ClusterRegistryArgs } from "./components";
import { configValues } from "./settings/config";

/** The stack's configuration as one component. ClusterRegistry checks it, so it is handed over as it is. */
const configuration: unknown = configValues(pulumi.runtime.allConfig(), pulumi.getProject());

const cluster = new ClusterRegistry("cluster", configuration as ClusterRegistryArgs);

export const { registryUrl, imagePrefix, nodes, commands, pullCheck } = cluster;
