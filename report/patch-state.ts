import type { Decision } from "../decision/decide";
import { editedLines } from "../decision/edited-lines";
import { managedOf } from "../decision/owned-files";
import { type Daemon, parsePayload } from "../helper/payload";
import type { Observation } from "../observation/observation";
import type { Row } from "./row";

/** What a row says of the thing itself. */
export type Found = Omit<Row, "host" | "role" | "what" | "os">;

/** The state of a daemon's files. @param usual the files to name if there is no plan */
export function patchState(
  observation: Observation,
  daemon: Daemon,
  id: string,
  live: Decision | Error,
  usual: readonly string[],
): Found {
  const appliedAt = timeOf(observation.records.find((one) => one.id === id)?.appliedAt);
  const shared = { ...(appliedAt !== undefined && { appliedAt }) };
  if (live instanceof Error) {
    const state = isGone(observation, daemon) ? "missing" : "refused";
    return { ...shared, files: usual, state, details: live.message.split("\n") };
  }
  const { inSync, why, warnings = [], diff } = live;
  const own = observation.managed.filter(({ claims }) => claims.includes(id));
  const edited = lines(editedLines({ ...observation, managed: own }, daemon, [], []));
  const files = filesOf(live);
  const found = { ...shared, files: files.length === 0 ? usual : files };
  if (inSync && warnings.length === 0)
    return edited.length > 0
      ? { ...found, state: "edited by others", details: edited }
      : { ...found, state: "in sync", details: [] };
  return {
    ...found,
    state: why === "first apply" ? "missing" : warnings.length > 0 ? "not running" : "drifted",
    details: [...reasons(why), ...warnings, ...edited],
    ...(diff !== "" && { diff }),
  };
}

/** A daemon that does not run has a warning, too. */
function reasons(why: Decision["why"]): string[] {
  if (why === "not running") return [];
  return [why === "first apply" ? "this stack has never configured it" : (why ?? "not in sync")];
}

const lines = (texts: readonly string[]) => texts.flatMap((text) => text.split("\n"));

/** Whether the daemon is not installed, or a file is gone that existed before the first apply. */
function isGone(observation: Observation, daemon: Daemon): boolean {
  if (daemon !== "page" && daemon !== "timer" && observation[daemon]?.version === undefined)
    return true;
  return managedOf(observation, daemon).some(
    ({ file, kept }) => file.kind === "absent" && kept !== undefined,
  );
}

/** The files that have lines of this program once the plan is done. */
function filesOf({ payload }: Decision): string[] {
  return parsePayload(payload)
    .files.filter(({ after, baseline }) => after !== baseline)
    .map(({ path }) => path);
}

/** @param seconds since 1970 */
function timeOf(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString();
}
