import * as pulumi from "@pulumi/pulumi";
import { daemonJsonAlone } from "./alone";
import type { HealthArgs, HostArgs } from "./args";
import { hostPatch, type HostPatchPlan } from "./host-patch";
import { planOf } from "./planned";

/** Arguments of {@link DaemonJsonPatch}. */
export interface DaemonJsonPatchArgs {
  /** The host, and how to log in to it. */
  host: pulumi.Input<HostArgs>;
  /** The registry that dockerd pushes to, as in image names, e.g. `10.0.0.11:5000`. */
  registry: pulumi.Input<string>;
  /** Time limits for a change on the host. */
  health?: pulumi.Input<HealthArgs>;
  /** If daemon.json was deleted, write a new one that contains only our lines. @default false */
  recreateDeleted?: pulumi.Input<boolean>;
}

/**
 * Makes dockerd on the registry host use the registry over plain HTTP: adds it to `insecure-registries` in
 * /etc/docker/daemon.json, and keeps every other key and the layout. dockerd is reloaded, not restarted, if that is
 * enough.
 */
export class DaemonJsonPatch extends pulumi.ComponentResource {
  /** The state of daemon.json on the host, e.g. `applied revision 1`. */
  readonly state: pulumi.Output<string>;

  constructor(name: string, args: DaemonJsonPatchArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:DaemonJsonPatch", name, {}, opts);
    const plan = planOf<HostPatchPlan>(args) ?? daemonJsonAlone(name, args, opts);
    const { apply } = hostPatch(name, "docker", plan, { parent: this });
    this.state = apply.stdout;
    this.registerOutputs({ state: this.state });
  }
}
