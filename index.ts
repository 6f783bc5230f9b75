import * as pulumi from "@pulumi/pulumi";
import { accessOf } from "./settings/access";
import { clusterOf } from "./settings/cluster";
import { configValues } from "./settings/config";
import { parseSettings } from "./settings/parse";
import { SettingsError } from "./settings/problem";
import { loginOf } from "./ssh/connection-input";
import { surroundings } from "./ssh/surroundings";
import { declareCluster } from "./cluster";
import { refusal, stackResources } from "./components";
import { askFor } from "./survey/ask";
import { surveyHosts } from "./survey/hosts";
import { leaving, undoNote } from "./survey/leaving";
import { moved, oldHost } from "./survey/moved";
import { configNotes } from "./survey/notes";
import { pastOf } from "./survey/past";
import { recordIds } from "./survey/records";
import { refusals } from "./survey/refusals";
import { registryNotes } from "./survey/registry";

/**
 * Look at every host first, refuse what cannot be done with certainty, and only then declare what each host shall be.
 * A preview declares what it can all the same, so that one host's trouble does not hide the others' drift.
 */
export = async function program(): Promise<Record<string, unknown>> {
  const project = pulumi.getProject();
  const settings = orRefuse(() => parseSettings(configValues(pulumi.runtime.allConfig(), project)));
  const around = surroundings(process.cwd());
  const access = orRefuse(() => accessOf(settings, around));
  const cluster = orRefuse(() => clusterOf(settings, around));
  for (const note of configNotes(access.values())) void pulumi.log.warn(note);
  const ids = recordIds(project, pulumi.getStack());

  const [surveyed, past] = await Promise.all([
    surveyHosts(
      access.values(),
      (host) => askFor(settings, host),
      (text) => void pulumi.log.info(text, undefined, undefined, true),
    ),
    stackResources().then(pastOf),
  ]);
  for (const note of registryNotes(settings, surveyed, ids, past)) void pulumi.log.warn(note);
  if (pulumi.runtime.isDryRun()) {
    const undone = leaving(past.guards, settings, surveyed).map((guard) =>
      undoNote(guard, loginOf(guard.connection)),
    );
    for (const { known, text } of await Promise.all(undone))
      void (known ? pulumi.log.info(text) : pulumi.log.warn(text));
  }
  const old = moved(past.guards, settings, surveyed);
  const kept = await Promise.all(old.map((guard) => oldHost(guard, loginOf(guard.connection))));
  for (const { undone, text } of kept)
    if (text !== undefined) void (undone ? pulumi.log.info(text) : pulumi.log.warn(text));
  const undone = old.filter((_, index) => kept[index]?.undone);
  const problems = refusals(settings, surveyed, ids);
  const trouble = problems.map(({ host, reason }) => `${host}: ${reason}`).join("\n");
  const refuse = refusal(`No host was changed. Resolve these problems first:\n${trouble}`);
  if (problems.length > 0 && !pulumi.runtime.isDryRun()) throw refuse;

  const troubled = new Set(problems.flatMap(({ host, planned }) => (planned ? [] : [host])));
  const outputs = declareCluster(settings, surveyed, ids, troubled, { ...past, undone }, cluster);
  if (problems.length > 0) throw refuse;
  return outputs;
};

/** What is wrong with the configuration is the user's to mend: no stack trace of ours helps there. */
function orRefuse<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof SettingsError ? refusal(error.message) : error;
  }
}
