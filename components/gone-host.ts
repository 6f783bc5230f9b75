import * as pulumi from "@pulumi/pulumi";
import { GONE, type PastGuard } from "../observation/past";
import { commandAsInState } from "./as-in-state";

/**
 * The patch of a node that left the cluster and whose host does not answer any more.
 *
 * An engine that deletes a guard connects to its host, and fails. Only the option `retainOnDelete` prevents that, and an
 * engine reads it from the state. So this run declares the guard once more, unchanged but for the option, and the next
 * run declares it no longer. The output `state` is the mark by which that run knows, because a program cannot read an
 * option from the state.
 */
export class GoneHost extends pulumi.ComponentResource {
  constructor(name: string, guard: PastGuard, opts: pulumi.ComponentResourceOptions) {
    super("cluster-registry:index:ContainerdMirror", name, {}, opts);
    const options = { parent: this, retainOnDelete: true };
    commandAsInState(`${name}-${guard.daemon}-guard`, guard.inputs, options);
    this.registerOutputs({ state: GONE });
  }
}
