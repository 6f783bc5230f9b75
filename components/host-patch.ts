import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Decision } from "../decision/decide";
import { applyCreate, guardCreate, guardDelete } from "../helper/commands";

/** What a patch of one daemon's files on one host needs, whichever daemon it is. */
export interface HostPatchPlan {
  /** How the host is reached, see `connectionArgs`. */
  connection: pulumi.Input<command.types.input.remote.ConnectionArgs>;
  /** Whether commands go through `sudo -n`. */
  sudo: pulumi.Input<boolean>;
  /** What people call the host; stands in front of what is logged. */
  host: string;
  /** Name of the patch's record on the host, see `recordId`. */
  recordId: string;
  /** The host's enrolment id: another one is another host, and is patched from scratch. */
  enrolled: pulumi.Input<string>;
  /** What is to be done, as the survey and the patcher found it. */
  decision: pulumi.Input<Decision>;
  /** The guard's: where they change, it is replaced, and so undone where it was. @default none */
  triggers?: unknown[];
  /** The host is changed only once this is known. @default at once */
  after?: pulumi.Input<unknown>;
}

/**
 * The two Commands of a patch. The guard comes first and holds the undo, so that it is in the state, and undone by
 * destroy, even when the apply behind it fails. The apply's stdin is the whole of what is changed: while the host is
 * as it was left, it is the host's own record word for word, and the preview is empty.
 */
export function hostPatch(
  name: string,
  daemon: "containerd" | "docker",
  plan: HostPatchPlan,
  opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): { guard: command.remote.Command; apply: command.remote.Command } {
  const { connection, recordId: id, host } = plan;
  const decision = pulumi.output(plan.decision);
  // The enrolment id stands in the guard's create and in the apply's stdin: another host under the same name is an update
  // of both. A replacement would run the old undo first, on a host that is gone, or that shows another host key by now.
  const shared = {
    connection,
    addPreviousOutputInEnv: false,
  };
  const guard = new command.remote.Command(
    `${name}-${daemon}-guard`,
    {
      ...shared,
      // What the undo did, and what it had to leave, is for whoever destroys.
      logging: command.remote.Logging.Stdout,
      create: pulumi
        .all([plan.sudo, plan.enrolled])
        .apply(([sudo, enrolled]) => guardCreate({ sudo, id, enrolled, daemon })),
      delete: pulumi.output(plan.sudo).apply((sudo) => guardDelete({ sudo, id })),
      stdin: decision.guardStdin,
      ...(plan.triggers && { triggers: plan.triggers }),
    },
    opts,
  );
  const apply = new command.remote.Command(
    `${name}-${daemon}-apply`,
    {
      ...shared,
      logging: command.remote.Logging.None,
      create: pulumi.output(plan.sudo).apply((sudo) => applyCreate({ sudo, id })),
      stdin: pulumi.all([decision, plan.after]).apply(([{ payload }]) => payload),
    },
    { ...opts, dependsOn: [guard] },
  );
  // The SDK sends messages one after the other, each once its resource is registered: of a component that waits for another
  // one, a message that is given to it now would keep back all that follow.
  pulumi.all([decision, opts.parent.urn]).apply(([what]) => report(host, what, opts.parent));
  return { guard, apply };
}

/**
 * A preview shows that stdin changes; a person wants to see which host, why, and the lines. Told of the component, not of
 * the apply: the SDK sends messages one after the other, each once its resource is registered, and an apply that waits for
 * a registry that nobody reaches would keep back the very error that says so.
 */
function report(
  host: string,
  { inSync, why, diff, warnings = [], notes }: Decision,
  component: pulumi.Resource,
): Promise<void> {
  if (inSync) return Promise.resolve();
  const lines = [
    `${host}: ${why ?? "changed"}`,
    ...warnings,
    ...notes,
    ...(diff === "" ? [] : [diff]),
  ];
  const text = lines.join("\n");
  return why === "drift on the host" || warnings.length > 0
    ? pulumi.log.warn(text, component)
    : pulumi.log.info(text, component);
}
