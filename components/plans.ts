import type * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import type { DockerSource } from "../helper/commands";

// Apart from the components, so that their types need no others than Pulumi's.

/** What a DockerHost needs of its host once that has been looked at. */
export interface DockerHostPlan {
  /** See `connectionArgs`. */
  connection: pulumi.Input<command.types.input.remote.ConnectionArgs>;
  /** Whether commands go through `sudo -n`. */
  sudo: pulumi.Input<boolean>;
  /** The host's enrolment id: on another host Docker is looked for again. */
  enrolled: pulumi.Input<string>;
  /** See `docker` of its arguments. */
  source: pulumi.Input<DockerSource>;
  /** What people call the host; stands in front of what destroy says. */
  host: string;
}

/** What a RegistryContainer needs of its host once that has been looked at. */
export interface RegistryContainerPlan {
  /** See `RegistryContainerArgs`, as are all that have no comment here. */
  port?: pulumi.Input<number>;
  image?: pulumi.Input<string>;
  volume?: pulumi.Input<string>;
  retainVolume?: boolean;
  bind?: pulumi.Input<string>;
  deleteEnabled?: pulumi.Input<boolean>;
  adopt?: boolean;
  /** See `connectionArgs`. */
  connection: pulumi.Input<command.types.input.remote.ConnectionArgs>;
  /** Whether commands go through `sudo -n`. */
  sudo: pulumi.Input<boolean>;
  /** The host's enrolment id: on another host the image is pulled and the container made anew. */
  enrolled: pulumi.Input<string>;
  /** Name that tells this container from those of other stacks, see `recordId`. */
  recordId: string;
  /** Docker's address for @pulumi/docker, e.g. `ssh://root@172.30.1.2:22`. */
  dockerHost: pulumi.Input<string>;
  /** OpenSSH options for that address. */
  sshOpts: pulumi.Input<pulumi.Input<string>[]>;
  /** The address that images are pulled from. */
  address: pulumi.Input<string>;
  /**
   * With `adopt`: where the images lie, if that is known from the running container already. Else the claim tells it,
   * and a preview in which the claim changes would show the volume and the container as replaced.
   */
  adopted?: pulumi.Input<RegistryData | undefined>;
  /** What people call the host; stands in front of what destroy says. */
  host: string;
  /**
   * The container bears the label that says which state made it. That of an earlier version does not, and a label more
   * would replace it. @default true
   */
  labelled?: boolean;
  /**
   * Makes room for the container just before it is made; in a preview it only looks. It is given the id of this state.
   * @default nothing
   */
  room?: (state: string) => Promise<void>;
}

/** Where a registry's images lie: in a Docker volume, or in a folder of the host; neither: in the volume of its own. */
export interface RegistryData {
  volume?: string;
  path?: string;
}
