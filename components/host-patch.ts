import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Decision } from "../decision/decide";
import { applyCreate, guardCreate, guardDelete } from "../helper/commands";
import type { Daemon } from "../helper/payload";
import type { HostPlan } from "./plans";

/** The plan of a patch of one daemon's files on one host, for any daemon. */
export interface HostPatchPlan extends HostPlan {
  /** Name of the patch's record on the host, see `recordId`. */
  recordId: string;
  /** The change that the survey and the patcher decided on. */
  decision: pulumi.Input<Decision>;
  /** Triggers of the guard: if they change, the guard is replaced, so the old host's patch is undone. @default none */
  triggers?: unknown[];
  /** The host is changed only once this value is known. @default at once */
  after?: pulumi.Input<unknown>;
}

/**
 * The two Commands of a patch. The guard comes first and contains the undo. So it is in the state, and a destroy undoes
 * the patch even if the apply fails. The apply's stdin is the complete change: as long as the host is as the last run
 * left it, stdin equals the host's own record, and the preview is empty.
 */
export function hostPatch(
  name: string,
  daemon: Daemon,
  plan: HostPatchPlan,
  opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): { guard: command.remote.Command; apply: command.remote.Command } {
  const { connection, recordId: id, host } = plan;
  const decision = pulumi.output(plan.decision);
  // The enrolment id is in the guard's create and in the apply's stdin: another host under the same name is an update
  // of both. A replacement would first run the old undo on a host that is gone, or that has another host key by now.
  const shared = {
    connection,
    addPreviousOutputInEnv: false,
  };
  const guard = new command.remote.Command(
    `${name}-${daemon}-guard`,
    {
      ...shared,
      // The log shows, on destroy, what was undone and what had to stay.
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
  // The SDK sends messages in order, each once its resource is registered. If this component waited for another one, a
  // message for it would block all later messages.
  pulumi.all([decision, opts.parent.urn]).apply(([what]) => report(host, what, opts.parent));
  return { guard, apply };
}

/**
 * A preview only shows that stdin changes; the user needs the host, the reason and the lines. The message belongs to
 * the component, not to the apply: the SDK sends messages in order, each once its resource is registered. An apply that
 * waits for an unreachable registry would block the very error that reports it.
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
