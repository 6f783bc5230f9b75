import * as pulumi from "@pulumi/pulumi";
import { hostPatch, type HostPatchArgs } from "./host-patch";

/** Arguments of {@link DaemonJsonPatch}. */
export type DaemonJsonPatchArgs = HostPatchArgs;

/**
 * dockerd on the registry host takes the registry over plain HTTP: `insecure-registries` of /etc/docker/daemon.json
 * gains it, every other key and the layout stay. dockerd is reloaded, not restarted, where that is enough.
 */
export class DaemonJsonPatch extends pulumi.ComponentResource {
  /** What the host says of its daemon.json, e.g. `applied revision 1`. */
  readonly state: pulumi.Output<string>;

  constructor(name: string, args: DaemonJsonPatchArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:DaemonJsonPatch", name, {}, opts);
    const { apply } = hostPatch(name, "docker", args, { parent: this });
    this.state = apply.stdout;
    this.registerOutputs({ state: this.state });
  }
}
