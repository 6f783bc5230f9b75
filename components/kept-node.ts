import * as pulumi from "@pulumi/pulumi";
import type { PastGuard } from "../observation/past";
import type { Role } from "./args";
import { commandAsInState } from "./as-in-state";

/**
 * A node that this run does not read and does not change: its resources are declared as the state has them.
 *
 * A resource that a program does not declare is deleted, so a node that is skipped must be declared.
 */
export class KeptNode extends pulumi.ComponentResource {
  /** As the last run left it. */
  readonly state: pulumi.Output<string>;
  readonly role: pulumi.Output<Role>;

  constructor(name: string, guard: PastGuard, role: Role, opts: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:ContainerdMirror", name, {}, opts);
    const first = commandAsInState(`${name}-${guard.daemon}-guard`, guard.inputs, { parent: this });
    // The apply is not in the state if the run that should have made it failed.
    const apply =
      guard.apply &&
      commandAsInState(`${name}-${guard.daemon}-apply`, guard.apply, {
        parent: this,
        dependsOn: [first],
      });
    this.state = apply?.stdout ?? pulumi.output("not applied");
    this.role = pulumi.output(role);
    this.registerOutputs({ state: this.state, role: this.role });
  }
}
