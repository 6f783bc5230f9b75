import type { StepWords } from "../engine/display/rows";

/** The display names of the components' steps on a host: `node01: containerd mirror`. */
export const STEP_WORDS: StepWords = {
  "cluster-registry:index:DockerHost": "Docker",
  "cluster-registry:index:DaemonJsonPatch": "Docker daemon.json",
  "cluster-registry:index:RegistryContainer": "registry container",
  "cluster-registry:index:RegistryCache": "registry cache",
  "cluster-registry:index:ContainerdMirror": "containerd mirror",
  "cluster-registry:index:LocalRegistryHosting": "local-registry-hosting ConfigMap",
  "cluster-registry:index:PullCheck": "pull check",
  "cluster-registry:index:RegistryUi": "registry page",
  "cluster-registry:index:RegistryGcTimer": "registry timer",
};
