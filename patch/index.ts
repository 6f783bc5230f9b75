/**
 * Patches for the files that determine the servers of a node's pulls: pure functions from bytes to a plan. No file is
 * read or written here.
 */
export { type ContainerdInput } from "./containerd/input";
export { mixesWays, planContainerd } from "./containerd/plan";
export { type Endpoint, type EndpointInput } from "./containerd/endpoint";
export { OWNERSHIP_MARK } from "./containerd/hosts-toml";
export { fileDiff } from "./diff";
export { type DaemonJsonInput, planDaemonJson } from "./docker/daemon-json";
export { type Hunk, hunks, revert } from "./hunks";
export { maskSecrets } from "./mask";
export {
  type Activation,
  applyEdits,
  type Edit,
  type FilePlan,
  hasChanges,
  type Plan,
} from "./plan";
export { describeProblem, type Problem, Refusal } from "./problem";
export { proxyProblem } from "./proxy";
export { type SourcedLine } from "./sourced-line";
