/** What the page asks of `ui.json` beside it. */
export interface PageInfo {
  /** The registry's name as the nodes use it: `ADDRESS:PORT`. */
  readonly registry: string;
  /** Whether the page offers no deletion. */
  readonly readOnly: boolean;
  /** The command that frees the space of deleted images. */
  readonly collectGarbage: string;
  /** The command that applies a change of the settings. */
  readonly applySettings: string;
}

/** What the page asks of `pods.json` beside it. */
export type PodsAnswer =
  | { readonly state: "known"; readonly users: readonly ImageUser[] }
  /** The stack's settings name no cluster, or the page runs without them. */
  | { readonly state: "no cluster" }
  /** The page runs on the registry's host, where the cluster cannot be asked. */
  | { readonly state: "not here" }
  | { readonly state: "error"; readonly message: string };

/** A Pod or a workload that needs images of this registry, under whatever name it reaches the registry. */
export interface ImageUser {
  /** `Pod NAMESPACE/NAME`, `Deployment NAMESPACE/NAME` and so on. */
  readonly by: string;
  /** `REPOSITORY:TAG` as it names them, and `REPOSITORY@DIGEST` as it names them or as a node pulled them. */
  readonly images: readonly string[];
}
