import * as pulumi from "@pulumi/pulumi";
import { timerAlone } from "./alone";
import type { HealthArgs, HostArgs } from "./args";
import { hostPatch, type HostPatchPlan } from "./host-patch";
import { planOf } from "./planned";

/** Arguments of {@link RegistryGcTimer}. */
export interface RegistryGcTimerArgs {
  /** The registry's host, and how to log in to it. */
  host: pulumi.Input<HostArgs>;
  /** The registry, as in image names, e.g. `10.0.0.11:5000`. */
  registry: pulumi.Input<string>;
  /** When the registry is cleaned up, as in systemd's OnCalendar, e.g. `Sun 03:00`, in the host's time zone. */
  onCalendar: pulumi.Input<string>;
  /**
   * Remove manifests that have had no tag for so many days. The host does not know which images Pods use: a Pod that runs
   * an image by its digest, without a tag, loses it. @default 7
   */
  untaggedDays?: pulumi.Input<number>;
  /** Time limits for a change on the host. */
  health?: pulumi.Input<HealthArgs>;
}

/**
 * A systemd timer on the registry's host that frees the space of images which no tag leads to. It removes no tag. While
 * it works, the registry takes no pushes, and pulls go on.
 */
export class RegistryGcTimer extends pulumi.ComponentResource {
  /** The state of the timer's files on the host, e.g. `applied revision 1`. */
  readonly state: pulumi.Output<string>;

  constructor(name: string, args: RegistryGcTimerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:RegistryGcTimer", name, {}, opts);
    const plan = planOf<HostPatchPlan>(args) ?? timerAlone(name, args, opts);
    const { apply } = hostPatch(name, "timer", plan, { parent: this });
    this.state = apply.stdout;
    this.registerOutputs({ state: this.state });
  }
}
