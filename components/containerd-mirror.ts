import * as pulumi from "@pulumi/pulumi";
import { mirrorAlone } from "./alone";
import type { EndpointArgs, HealthArgs, HostArgs, Role } from "./args";
import { hostPatch, type HostPatchPlan } from "./host-patch";
import { planOf } from "./planned";

/** Arguments of {@link ContainerdMirror}. */
export interface ContainerdMirrorArgs {
  /** The node, and how to log in to it. */
  host: pulumi.Input<HostArgs>;
  /** The registry that the node pulls from, as in image names, e.g. `10.0.0.11:5000`. */
  registry: pulumi.Input<string>;
  /** `master` or `worker`: nodes of both roles pull. @default worker */
  role?: pulumi.Input<Role>;
  /** Mirrors of public registries, by registry name, e.g. `{"docker.io": ["https://mirror.gcr.io"]}`. @default none */
  mirrors?: pulumi.Input<Record<string, pulumi.Input<pulumi.Input<EndpointArgs>[]>>>;
  /** Time limits for a change on the node. */
  health?: pulumi.Input<HealthArgs>;
  /** Move existing `mirrors` to hosts.toml files if the node mixes both ways, or would. @default false */
  migrate?: pulumi.Input<boolean>;
  /** If a configuration file was deleted, write a new one that contains only our lines. @default false */
  recreateDeleted?: pulumi.Input<boolean>;
}

/**
 * Makes containerd on one node pull from the registry: adds the mirror to its configuration, and keeps everything else
 * there.
 *
 * containerd is restarted only if the bytes of config.toml change. The change is kept only if containerd's CRI plugins
 * load again. Destroying the component restores the files.
 */
export class ContainerdMirror extends pulumi.ComponentResource {
  /** The state of the mirror on the node, e.g. `applied revision 1`. */
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
