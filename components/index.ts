export type {
  BastionArgs,
  BastionSetting,
  BatchSize,
  CacheArgs,
  ClientCertificateArgs,
  ClusterNodesArgs,
  DockerArgs,
  DockerPackagesArgs,
  EndpointArgs,
  FailOrSkip,
  GcTimerArgs,
  HealthArgs,
  HostArgs,
  KubernetesArgs,
  LoginArgs,
  MirrorArgs,
  NodeArgs,
  NodesArgs,
  PullCheckLimits,
  PullCheckSetting,
  RegistryArgs,
  Role,
  RolloutArgs,
  SshArgs,
  UiArgs,
} from "./args";
export { AppImage, type AppImageArgs } from "./app-image";
export {
  ClusterRegistry,
  type ClusterRegistryArgs,
  type Commands,
  type NodeState,
} from "./cluster-registry";
export { ContainerdMirror, type ContainerdMirrorArgs } from "./containerd-mirror";
export { DaemonJsonPatch, type DaemonJsonPatchArgs } from "./daemon-json-patch";
export { DockerHost, type DockerHostArgs } from "./docker-host";
export { LocalRegistryHosting, type LocalRegistryHostingArgs } from "./local-registry-hosting";
export { PullCheck, type PullCheckArgs } from "./pull-check";
export { RegistryContainer, type RegistryContainerArgs } from "./registry-container";
export { RegistryGcTimer, type RegistryGcTimerArgs } from "./registry-gc-timer";
export { RegistryUi, type RegistryUiArgs } from "./registry-ui";
