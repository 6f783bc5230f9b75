export { ContainerdMirror, type ContainerdMirrorArgs } from "./containerd-mirror";
export { connectionArgs } from "./connection";
export { DaemonJsonPatch, type DaemonJsonPatchArgs } from "./daemon-json-patch";
export { DockerHost, type DockerHostArgs } from "./docker-host";
export { dockerAddress, dockerSshOptions } from "./docker-ssh";
export { LocalRegistryHosting, type LocalRegistryHostingArgs } from "./local-registry-hosting";
export {
  RegistryContainer,
  type RegistryContainerArgs,
  type RegistryData,
} from "./registry-container";
export { refusal } from "./refusal";
export { stackResources } from "./stack-resources";
