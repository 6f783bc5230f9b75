export {
  applyCreate,
  CONTAINER_NAME,
  containerClaim,
  containerClaimed,
  containerLeftover,
  containerRelease,
  dockerInstall,
  dockerStart,
  guardCreate,
  guardDelete,
  HELPER,
  OWNER_LABEL,
  reach,
  recordId,
  STATE_LABEL,
} from "./commands";
export type { DockerSource } from "./commands";
export { decide, enrolledId } from "./decide";
export type { DecideInput, Decision, Health, Why } from "./decide";
export { baselineTexts, type Planner, type Texts, type Want } from "./owned-files";
export { helperText } from "./helper-text";
export {
  fileBytes,
  hostsTomlFiles,
  type Ask,
  type EnvironmentVariable,
  type ManagedFile,
  type Observation,
  type ObservedContainer,
  type ObservedFile,
  type ObservedRecord,
  type ObservedService,
} from "./observation";
export { observe } from "./observe";
export { obstacles } from "./obstacles";
export { wouldUndo } from "./would-undo";
export { canonicalJson, parsePayload, type Daemon, type Payload } from "./payload";
export { HostRefusal } from "./refusal";
export { containerdConfig, daemonFlags, processProxies, proxyEnvironment } from "./sourced-lines";
