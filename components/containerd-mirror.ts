import * as pulumi from "@pulumi/pulumi";
import { hostPatch, type HostPatchArgs } from "./host-patch";

/** Arguments of {@link ContainerdMirror}. */
export interface ContainerdMirrorArgs extends HostPatchArgs {
  /** `master` or `worker`: both pull. */
  role: pulumi.Input<"master" | "worker">;
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
  readonly role: pulumi.Output<"master" | "worker">;

  constructor(name: string, args: ContainerdMirrorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:ContainerdMirror", name, {}, opts);
    const { apply } = hostPatch(name, "containerd", args, { parent: this });
    this.state = apply.stdout;
    this.role = pulumi.output(args.role);
    this.registerOutputs({ state: this.state, role: this.role });
  }
}
