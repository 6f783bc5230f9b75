import * as pulumi from "@pulumi/pulumi";
import { mirrorAlone } from "./alone";
import type { EndpointArgs, HealthArgs, HostArgs, Role } from "./args";
import { hostPatch, type HostPatchPlan } from "./host-patch";
import { planOf } from "./planned";

/** Arguments of {@link ContainerdMirror}. */
export interface ContainerdMirrorArgs {
  /** The node, and how to log in there. */
  host: pulumi.Input<HostArgs>;
  /** The registry that the node pulls from, as image names begin with it, e.g. `10.0.0.11:5000`. */
  registry: pulumi.Input<string>;
  /** `master` or `worker`: both pull. @default worker */
  role?: pulumi.Input<Role>;
  /** Mirrors of public registries, by registry name, e.g. `{"docker.io": ["https://mirror.gcr.io"]}`. @default none */
  mirrors?: pulumi.Input<Record<string, pulumi.Input<pulumi.Input<EndpointArgs>[]>>>;
  /** How long a change may take on the node. */
  health?: pulumi.Input<HealthArgs>;
  /** Move existing `mirrors` to hosts.toml files where the node mixes both ways, or would. @default false */
  migrate?: pulumi.Input<boolean>;
  /** Where somebody has deleted a configuration file, write a new one with nothing but our lines. @default false */
  recreateDeleted?: pulumi.Input<boolean>;
}

/**
 * containerd on one node pulls from the registry: the mirror entry in its configuration, everything else there kept.
 *
 * containerd is restarted only where the bytes of config.toml change, and only if its CRI plugins come back is the
 * change kept. Destroying it puts the files back.
 */
export class ContainerdMirror extends pulumi.ComponentResource {
  /** What the node says of its mirror, e.g. `applied revision 1`. */
  readonly state: pulumi.Output<string>;
  /** The node's role, as given. */
  readonly role: pulumi.Output<Role>;

  constructor(name: string, args: ContainerdMirrorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:ContainerdMirror", name, {}, opts);
    const plan = planOf<HostPatchPlan>(args) ?? mirrorAlone(name, args, opts);
    const { apply } = hostPatch(name, "containerd", plan, { parent: this });
    this.state = apply.stdout;
    this.role = pulumi.output(args.role ?? "worker");
    this.registerOutputs({ state: this.state, role: this.role });
  }
}
