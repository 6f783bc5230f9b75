import type * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import type { Decision } from "../decision/decide";
import type { DockerSource } from "../helper/commands";
import type { HostAccess } from "../settings/access";
import type { Cache } from "../settings/caches";
import type { RegistryContainerArgs } from "./registry-container";

// Kept apart from the components, so that their types depend only on Pulumi's.

/** What every plan has: the host, and how to reach it. */
export interface HostPlan {
  /** See `connectionArgs`. */
  connection: pulumi.Input<command.types.input.remote.ConnectionArgs>;
  /** True if commands go through `sudo -n`. */
  sudo: pulumi.Input<boolean>;
  /** The host's enrolment id. A host with another id is another host, on which everything is done again. */
  enrolled: pulumi.Input<string>;
  /** The host's name for people; log messages and the messages of a destroy begin with it. */
  host: string;
}

/** The plan of a DockerHost, from the observation of its host. */
export interface DockerHostPlan extends HostPlan {
  /** See `docker` in its arguments. */
  source: pulumi.Input<DockerSource>;
}

/** The plan of a container, from the observation of its host. */
export interface ContainerPlan extends HostPlan {
  /** Distinguishes this container from those of other stacks, see `recordId`. */
  recordId: string;
  /** Docker's address for @pulumi/docker, e.g. `ssh://root@172.30.1.2:22`. */
  dockerHost: pulumi.Input<string>;
  /** OpenSSH options for that address. */
  sshOpts: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * The container has the label that says which state created it. A container of an earlier version has no such label,
   * and adding it would replace the container. @default true
   */
  labelled?: boolean;
  /**
   * Makes room for the container just before it is created; in a preview, only observes. The argument is the id of this
   * state.
   * @default nothing
   */
  room?: (state: string) => Promise<void>;
}

/** The plan of a registry server's container. */
export interface ServerPlan extends ContainerPlan {
  /** Reference of the registry server's image. @default registry */
  image?: pulumi.Input<string>;
  /** The address on the host where the port listens. @default 0.0.0.0 */
  bind?: pulumi.Input<string>;
}

/** The plan of a RegistryContainer. */
export interface RegistryContainerPlan
  extends ServerPlan, Omit<RegistryContainerArgs, "host" | "address" | "image" | "bind"> {
  /** The address that images are pulled from. */
  address: pulumi.Input<string>;
  /**
   * With `adopt`: the place of the images, if the running container already shows it. Otherwise it comes from the
   * claim, and a preview in which the claim changes would show the volume and the container as replaced.
   */
  adopted?: pulumi.Input<RegistryData | undefined>;
}

/** The plan of a RegistryCache. */
export interface RegistryCachePlan extends ServerPlan {
  /** The cache, as the settings have it. */
  cache: Cache;
}

/** The plan of a RegistryUi, from the observation of its host. */
export interface RegistryUiPlan extends ContainerPlan {
  /** The change of the page and of its server's configuration on the host. */
  decision: pulumi.Input<Decision>;
  /** Triggers of the guard, see `HostPatchPlan`. @default none */
  triggers?: unknown[];
  /** Reference of the image of nginx. */
  image: pulumi.Input<string>;
  /** The address at which the page is opened. */
  address: pulumi.Input<string>;
  port: pulumi.Input<number>;
}

/** The plan of a PullCheck. */
export type PullCheckPlan = Pick<HostPlan, "connection">;

/** The host that builds an AppImage. */
export interface AppImagePlan {
  readonly access: pulumi.Input<HostAccess>;
  /** Docker's address for @pulumi/docker, e.g. `ssh://root@172.30.1.2:22`. */
  readonly dockerHost: pulumi.Input<string>;
  /** OpenSSH options for that address. */
  readonly sshOpts: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * The place of a registry's images: a Docker volume, or a folder of the host. If neither is set, the registry's own
 * volume.
 */
export interface RegistryData {
  volume?: string;
  path?: string;
}
