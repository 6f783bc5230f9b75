import * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import {
  containerClaim,
  containerClaimed,
  containerRelease,
  dockerStart,
  OWNER_LABEL,
  STATE_LABEL,
} from "../helper/commands";
import { packedHelper } from "../helper/helper-text";
import type { ContainerPlan } from "./plans";

// What every container of this program has around it: its place on the host, its labels, and a docker that can remove it.

/** The label with the host's enrolment id. */
const ENROLLED_LABEL = "io.cluster-registry.enrolled";

/**
 * Makes room for the container: removes a leftover of this stack, and takes over or refuses a container that was created
 * by hand.
 *
 * @param container the container's name
 * @param adopt take over a container that was created by hand, which is released on destroy. @default this cannot happen
 */
export function claimPlace(
  name: string,
  container: string,
  plan: ContainerPlan,
  parent: pulumi.Resource,
  adopt?: boolean,
): command.remote.Command {
  const where = { id: plan.recordId, name: container };
  const bySudo = (command: (sudo: boolean) => string) => pulumi.output(plan.sudo).apply(command);
  return new command.remote.Command(
    `${name}-claim`,
    {
      connection: plan.connection,
      logging: command.remote.Logging.None,
      addPreviousOutputInEnv: false,
      create: bySudo((sudo) => containerClaim({ ...where, sudo, adopt: adopt ?? false })),
      // On an update, the container can already be ours and running: another key or address must not make room again.
      update: bySudo((sudo) => containerClaimed({ ...where, sudo, adopt: adopt ?? false })),
      ...(adopt !== undefined && {
        delete: bySudo((sudo) => containerRelease({ ...where, sudo })),
      }),
      stdin: packedHelper(),
    },
    // A new helper is no reason to run the claim again. In a preview, that would make its result, and so the volume,
    // unknown.
    { parent, ignoreChanges: ["stdin"] },
  );
}

/** The container's name, once there is room for it. A preview knows it immediately, also if the claim will run again. */
export function placeOf(
  container: string,
  { room }: ContainerPlan,
  provider: docker.Provider,
  claim: command.remote.Command,
): pulumi.Input<string> {
  if (room === undefined) return container;
  if (!pulumi.runtime.isDryRun())
    return pulumi
      .all([provider.id, claim.stdout])
      .apply(([state]) => room(state).then(() => container));
  provider.id.apply(room);
  return container;
}

/** The labels by which the container is found again. */
export function ownLabels(plan: ContainerPlan, provider: docker.Provider) {
  return [
    { label: OWNER_LABEL, value: plan.recordId },
    { label: ENROLLED_LABEL, value: plan.enrolled },
    ...(plan.labelled === false ? [] : [{ label: STATE_LABEL, value: provider.id }]),
  ];
}

/** Deleted first when the container is deleted: a stopped docker cannot remove it. */
export function dockerRunsAtDelete(
  name: string,
  plan: ContainerPlan,
  container: docker.Container,
  parent: pulumi.Resource,
): void {
  new command.remote.Command(
    `${name}-docker-runs`,
    {
      connection: plan.connection,
      logging: command.remote.Logging.None,
      addPreviousOutputInEnv: false,
      delete: pulumi.output(plan.sudo).apply((sudo) => dockerStart({ sudo })),
      stdin: packedHelper(),
    },
    { parent, dependsOn: [container], ignoreChanges: ["stdin"] },
  );
}
