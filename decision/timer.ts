import { GC_SERVICE } from "../helper/commands";
import type { Surveyed } from "../observation/hosts";
import type { Observation } from "../observation/observation";
import type { Settings } from "../settings/schema";
import type { Decision } from "./decide";
import { planWholeFiles, type WholeFile } from "./whole-files";

/**
 * Plans the registry's timer on its host: its units, and the programs that they run.
 *
 * @param usesCluster a cluster may run images that have no tag
 * @throws Error if another stack has a timer there
 */
export function planTimer(
  observation: Observation,
  settings: Settings,
  id: string,
  files: readonly WholeFile[],
  usesCluster: boolean,
): Decision {
  const owner = { daemon: "timer", setting: "gcTimer" } as const;
  const decision = planWholeFiles(observation, settings, id, owner, files);
  return usesCluster ? { ...decision, notes: [...decision.notes, KEEPS_ALL] } : decision;
}

const KEEPS_ALL =
  "with a cluster, the timer removes no manifest: a Pod can run an image that has no tag, and the host cannot ask the cluster. " +
  "It frees the space of blobs that no manifest names; `npm run gc` asks the cluster, and removes manifests too";

/** Why systemd cannot have this timer. */
export function calendarProblem(
  { gcTimer }: Pick<Settings, "gcTimer">,
  { timer }: Pick<Observation, "timer">,
): string | undefined {
  if (gcTimer === undefined || timer?.calendarProblem === undefined) return undefined;
  return (
    `gcTimer.onCalendar: expected a time that this host's systemd understands, such as "Sun 03:00"; found ${JSON.stringify(gcTimer.onCalendar)}: ` +
    `${timer.calendarProblem}; try it there with \`systemd-analyze calendar\``
  );
}

/** What a person should know about the timer's last run before an `up`. */
export function timerNotes(
  { registry: { host }, gcTimer }: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
): string[] {
  const there = surveyed.get(host);
  if (gcTimer === undefined || there === undefined || "error" in there) return [];
  const { timer } = there.observation;
  if (timer === undefined || timer.running || timer.result === "success") return [];
  const said = timer.said === undefined ? "" : `; its last line: ${timer.said}`;
  const when = timer.lastRun === undefined ? "" : ` (${timer.lastRun})`;
  return [
    `${host}: the last clean-up by the registry's timer failed${when}: ${timer.result}${said}; see \`journalctl -u ${GC_SERVICE}\` there`,
  ];
}
