import * as pulumi from "@pulumi/pulumi";
import { daemonJsonAlone } from "./alone";
import type { HealthArgs, HostArgs } from "./args";
import { hostPatch, type HostPatchPlan } from "./host-patch";
import { planOf } from "./planned";

/** Arguments of {@link DaemonJsonPatch}. */
export interface DaemonJsonPatchArgs {
  /** The host, and how to log in there. */
  host: pulumi.Input<HostArgs>;
  /** The registry that dockerd pushes to, as image names begin with it, e.g. `10.0.0.11:5000`. */
  registry: pulumi.Input<string>;
  /** How long a change may take on the host. */
  health?: pulumi.Input<HealthArgs>;
  /** Where somebody has deleted daemon.json, write a new one with nothing but our lines. @default false */
  recreateDeleted?: pulumi.Input<boolean>;
}

/**
 * dockerd on the registry host takes the registry over plain HTTP: `insecure-registries` of /etc/docker/daemon.json
 * gains it, every other key and the layout stay. dockerd is reloaded, not restarted, where that is enough.
 */
export class DaemonJsonPatch extends pulumi.ComponentResource {
  /** What the host says of its daemon.json, e.g. `applied revision 1`. */
  readonly state: pulumi.Output<string>;

  constructor(name: string, args: DaemonJsonPatchArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:DaemonJsonPatch", name, {}, opts);
    const plan = planOf<HostPatchPlan>(args) ?? daemonJsonAlone(name, args, opts);
    const { apply } = hostPatch(name, "docker", plan, { parent: this });
    this.state = apply.stdout;
    this.registerOutputs({ state: this.state });
  }
}
