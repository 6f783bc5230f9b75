export { ContainerdMirror, type ContainerdMirrorArgs } from "./containerd-mirror";
export { connectionArgs } from "./connection";
export { DaemonJsonPatch, type DaemonJsonPatchArgs } from "./daemon-json-patch";
export { DockerHost, type DockerHostArgs } from "./docker-host";
export { dockerAddress, dockerSshOptions } from "./docker-ssh";
export { RegistryContainer, type RegistryContainerArgs } from "./registry-container";
