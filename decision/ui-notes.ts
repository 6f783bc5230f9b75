import { UI_CONTAINER_NAME } from "../helper/commands";
import type { Surveyed } from "../observation/hosts";
import type { ObservedContainer } from "../observation/observation";
import type { Past } from "../observation/past";
import type { RecordIds } from "../observation/records";
import type { Settings } from "../settings/schema";
import { leftovers } from "./registry";

/** What a person should know about the page's container before an `up`: drift in words. */
export function uiNotes(
  { registry: { host }, ui }: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
  ids: Pick<RecordIds, "page">,
  { pages = [] }: Past,
): string[] {
  const there = surveyed.get(host);
  if (ui === undefined || there === undefined || "error" in there) return [];
  const containers = there.observation.docker?.containers;
  if (containers === undefined) return [];
  const before = pages.find((one) => one.host === host);
  const unknown = leftovers(containers, ids.page, before);
  const notes = unknown
    .filter(({ state }) => state === undefined)
    .map(
      ({ container: { id, name, status } }) =>
        `the container ${name} (${id.slice(0, 12)}, ${status}) belongs to this stack but is not in its state, as after an interrupted run: up replaces it`,
    );
  const id = before?.container?.id;
  const current = containers.find((one) => one.id === id);
  if (current !== undefined) notes.push(...stateNotes(current));
  else if (id !== undefined && unknown.length === 0)
    notes.push(
      `the container ${UI_CONTAINER_NAME} was removed outside of this stack: up recreates it`,
    );
  return notes.map((note) => `${host}: ${note}`);
}

/** Describes how an existing container differs from the last run. */
function stateNotes({ name, running, status, exitCode }: ObservedContainer): string[] {
  const notes: string[] = [];
  if (name !== UI_CONTAINER_NAME)
    notes.push(
      `the container ${UI_CONTAINER_NAME} was renamed to ${name}: up replaces it with one of that name`,
    );
  if (status === "paused")
    notes.push(
      `the container ${name} is paused, so the page does not answer; up does not resume it: run \`docker unpause ${name}\` there`,
    );
  else if (status === "restarting")
    notes.push(
      `the container ${name} keeps restarting (exit code ${exitCode}): see \`docker logs ${name}\` there`,
    );
  else if (!running)
    notes.push(
      `the container ${name} is not running (${status === "exited" ? `exited with code ${exitCode}` : status}): up starts it`,
    );
  return notes;
}
