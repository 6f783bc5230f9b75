/** Real hosts on one Linux machine: the interface for tests and the command line. */
export { defineLab, type HostDefinition, type LabDefinition, type LabRequest } from "./definition";
export { dedicated, dev, LABS } from "./labs";
export { ensureHubRoot, findLab, startLab, stopLab, type LabOptions } from "./lab";
export { RunningHost } from "./running-host";
export { RunningLab } from "./running-lab";
export { whyNoLab } from "./machine/tools";
export { findCluster, startCluster, type ClusterOptions } from "./kubernetes/cluster";
export { RunningCluster } from "./kubernetes/running-cluster";
export { type DistributionVersion, ensureDistribution, whyNoDistribution } from "./go/distribution";
export { distributionImage } from "./hub/distribution-image";
