import type { StepWords } from "../engine/display/rows";

/** The steps of each component on a host, in the words of the display: `node01: containerd mirror`. */
export const STEP_WORDS: StepWords = {
  "cluster-registry:index:DockerHost": "Docker",
  "cluster-registry:index:DaemonJsonPatch": "Docker daemon.json",
  "cluster-registry:index:RegistryContainer": "registry container",
  "cluster-registry:index:ContainerdMirror": "containerd mirror",
  "cluster-registry:index:LocalRegistryHosting": "local-registry-hosting ConfigMap",
};
