import * as pulumi from "@pulumi/pulumi";
import type { WholeFile } from "../decision/whole-files";
import { dockerProblem, type Problem, refusals } from "../decision/refusals";
import { registryNotes } from "../decision/registry";
import { timerNotes } from "../decision/timer";
import { uiNotes } from "../decision/ui-notes";
import type { Seen, Surveyed } from "../observation/hosts";
import { type Past, pastAlone } from "../observation/past";
import { recordIdsAlone, type RecordIds } from "../observation/records";
import { accessOf } from "../settings/access";
import { problemList, SettingsError } from "../settings/problem";
import type { Settings } from "../settings/schema";
import { surroundings } from "../ssh/surroundings";
import { aloneSettings, type AloneTask, asArgument } from "./alone-settings";
import { observeHosts } from "./observe-hosts";
import { pageFiles } from "./page-files";
import { refusal } from "./refusal";
import { timerFiles } from "./timer-files";

/** The task of one component that is used alone. */
export interface Job {
  /** The component's type. */
  readonly type: string;
  /** Its name in the program. */
  readonly name: string;
  readonly task: AloneTask;
  /** The host's name in messages: the component's name, with only the characters that a host name can have. */
  readonly host: string;
  readonly ids: RecordIds;
}

/** The observed host of one component, with its plan. */
export interface LookedAt extends Seen {
  readonly settings: Settings;
  readonly past: Past;
  /** The files of the registry's page; none for other components. */
  readonly page: readonly WholeFile[];
}

export function jobOf(type: string, task: AloneTask, name: string): Job {
  const host =
    name
      .toLowerCase()
      .replace(/[^a-z0-9.-]+/g, "-")
      .replace(/^[.-]+|[.-]+$/g, "") || "host";
  try {
    const ids = recordIdsAlone(pulumi.getProject(), pulumi.getStack(), name);
    return { type, name, task, host, ids };
  } catch (error) {
    throw refusal(`${type} ${name}: ${(error as Error).message}`);
  }
}

/**
 * Observes the host of one component, over one connection. Refuses everything that cannot be done with certainty.
 * @param args plain values
 */
export async function lookAt(job: Job, args: Record<string, unknown>): Promise<LookedAt> {
  const { host, task, ids } = job;
  const { settings, access } = checked(job, args);
  const [surveyed, past] = await observeHosts(settings, [access], (resources) =>
    pastAlone(resources, ids, host),
  );
  if (task === "container")
    for (const note of registryNotes(settings, surveyed, ids, past)) void pulumi.log.warn(note);
  for (const note of uiNotes(settings, surveyed, ids, past)) void pulumi.log.warn(note);
  for (const note of timerNotes(settings, surveyed)) void pulumi.log.warn(note);
  const page = await pageFiles(settings, pulumi.getStack());
  const problems = problemsOf(job, settings, surveyed, page);
  const found = surveyed.get(host);
  if (problems.length === 0 && found !== undefined && !("error" in found))
    return { ...found, settings, past, page };
  const refuse = refusal(problems.map(({ reason }) => `${host}: ${reason}`).join("\n"));
  // If the plan is known and only cannot be carried out yet, a preview shows it beside the error.
  if (
    !pulumi.runtime.isDryRun() ||
    found === undefined ||
    "error" in found ||
    !problems.every(({ planned }) => planned)
  )
    throw refuse;
  void Promise.reject(refuse);
  return { ...found, settings, past, page };
}

function checked({ type, name, task, host }: Job, args: Record<string, unknown>) {
  try {
    const settings = aloneSettings(task, args, host);
    const access = accessOf(settings, surroundings(process.cwd()), (each) => each === host);
    const own = access.get(host);
    if (own === undefined) throw new Error(`${name}: no access`);
    return { settings, access: own };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const problems = error.problems.map((problem) => asArgument(problem, task));
    throw refusal(problemList(`${type} ${name}`, problems));
  }
}

function problemsOf(
  { task, ids, host }: Job,
  settings: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
  page: readonly WholeFile[],
): Problem[] {
  if (task !== "docker") {
    const problems = refusals(
      settings,
      surveyed,
      ids,
      task === "image" ? [] : [task],
      page,
      timerFiles(settings, false),
    );
    const found = surveyed.get(host);
    const missing =
      task === "mirror" || found === undefined || "error" in found
        ? undefined
        : dockerProblem(found.observation, "none");
    return missing === undefined ? problems : [{ host, reason: missing }];
  }
  const found = surveyed.get(host);
  if (found === undefined) return [];
  const reason =
    "error" in found ? found.error.message : dockerProblem(found.observation, settings.docker);
  return reason === undefined ? [] : [{ host, reason }];
}
