import * as pulumi from "@pulumi/pulumi";
import { leftoverNote, leftovers } from "../decision/registry";
import { OWNER_LABEL, STATE_LABEL } from "../helper/commands";
import type { Seen } from "../observation/hosts";
import type { Observation } from "../observation/observation";
import { liveData, type PastRegistry } from "../observation/past";
import type { RecordIds } from "../observation/records";
import type { Settings } from "../settings/schema";
import { makeRoom, ownLeftovers } from "./make-room";
import type { RegistryContainerPlan, RegistryData } from "./plans";
import { withoutStack } from "./refusal";

/** The place of our running container's images, if there is one. */
export function adoptedData({ docker }: Observation, ids: RecordIds): RegistryData | undefined {
  const container = docker?.containers?.find(({ labels }) => labels[OWNER_LABEL] === ids.container);
  return container && liveData(container);
}

/**
 * Decides how to make room for a container of ours that our state does not know. A preview reports it.
 *
 * @param owner the container's record
 * @param before the container in the state
 */
export function roomFor(
  settings: Settings,
  { access, observation }: Seen,
  owner: string,
  before: PastRegistry | undefined,
): Pick<RegistryContainerPlan, "room" | "labelled"> {
  const containers = observation.docker?.containers;
  const found = leftovers(containers ?? [], owner, before);
  const labelled =
    before?.container === undefined || before.container.labels[STATE_LABEL] !== undefined;
  if (pulumi.runtime.isDryRun()) {
    const look = async (state: string): Promise<void> => {
      for (const one of ownLeftovers(found, state)) {
        if (one.state !== undefined) await pulumi.log.warn(`${access.name}: ${leftoverNote(one)}`);
      }
    };
    return { labelled, room: (state) => withoutStack(look(state)) };
  }
  // If nothing was found, there is nothing to remove. A docker that was stopped has not been asked yet.
  if (containers !== undefined && found.length === 0) return { labelled };
  return {
    labelled,
    room: (state) => withoutStack(makeRoom(settings, access, owner, before, state)),
  };
}
