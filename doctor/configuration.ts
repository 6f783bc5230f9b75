import { HELPER } from "../helper/commands";
import { type Decision } from "../decision/decide";
import { planMirror } from "../decision/plan";
import type { ObservedFile, Observation } from "../observation/observation";
import { type Problem, Refusal } from "../patch";
import { MixedWays } from "../patch/containerd/mixed-ways";
import type { Cause } from "./cause";
import { plainWord } from "./commands";
import type { NodeFacts } from "./node-checks";
import { otherSpellings } from "./spellings";

const USUAL_CONFIG = "/etc/containerd/config.toml";

/** Whether containerd's files say what the stack's settings say, and whether containerd runs with them. */
export function configurationCause(facts: NodeFacts): Cause | undefined {
  const { observation, settings, id } = facts;
  let decision: Decision;
  try {
    decision = planMirror(observation, settings, id);
  } catch (error) {
    return error instanceof Refusal ? refused(error, facts) : unreadable(error as Error, facts);
  }
  if (decision.inSync || decision.why === "not running") return undefined;
  return { ...described(decision, facts), fix: facts.commands.npm("up") };
}

function described(
  { why, diff, notes }: Decision,
  { observation, prefix, settings, look, access }: NodeFacts,
): Omit<Cause, "fix"> {
  const changes = changedLines(diff);
  if (why === "restart pending") {
    const { containerd } = observation;
    const file = newest(observation);
    return {
      cause: "containerd has not read its configuration since it was changed",
      evidence: [
        ...(file === undefined ? [] : [`${file.path}: changed at ${time(file.changedAt)}`]),
        `containerd: started at ${time(containerd?.service.startedAt)}`,
      ],
    };
  }
  if (look.moved.length > 0 && changes.length > 0)
    return {
      cause: `another program has taken over containerd's certs.d, and moved what was there to _backup`,
      evidence: [...look.moved, ...changes],
    };
  const spellings = changes.length === 0 ? [] : otherSpellings(observation, settings, prefix);
  if (spellings.length > 0)
    return {
      cause: `containerd has no entry for ${prefix}, only for another spelling of it`,
      evidence: [...spellings, ...changes],
    };
  if (why === "first apply" && changes.length > 0)
    return {
      cause: `this stack has never configured ${access.name}, so containerd asks ${prefix} by https`,
      evidence: [`${observation.containerd?.configPath ?? USUAL_CONFIG}: no entry for ${prefix}`],
    };
  if (why === "drift on the host")
    return {
      cause: `somebody has changed containerd's configuration of ${prefix} since the last up`,
      evidence: [...changes, ...notes],
    };
  return { cause: `the configuration of this node is not in sync: ${why}`, evidence: changes };
}

/** The lines of a diff that matter: the files, and what is missing or too much in them. */
function changedLines(diff: string): string[] {
  const lines: string[] = [];
  let file = "";
  for (const line of diff.split("\n")) {
    // A file that is not there has its name in the second line.
    const [, name] = /^(?:---|\+\+\+) ([^\t]*)/.exec(line) ?? [];
    if (name !== undefined) file = name === "/dev/null" ? file : name;
    else if (/^\+\s*\S/.test(line)) lines.push(`${file}: missing: ${line.slice(1).trim()}`);
    else if (/^-\s*\S/.test(line)) lines.push(`${file}: not ours: ${line.slice(1).trim()}`);
  }
  return lines.slice(0, MOST_LINES);
}
const MOST_LINES = 8;

const isHostsToml = (path: string) => path.endsWith("/hosts.toml");

function refused(refusal: Refusal, facts: NodeFacts): Cause {
  const { commands, access, prefix, look, observation } = facts;
  const problem = refusal.problems[0]!;
  const plugin = look.pluginError === undefined ? [] : [look.pluginError];
  const evidence = [...refusal.problems.flatMap(problemLines), ...plugin];
  if (refusal instanceof MixedWays)
    return {
      cause: "containerd has mirrors and config_path, and does not load its CRI plugin with both",
      evidence,
      fix: `${commands.npm("config", "set", "migrate", "true")} && ${commands.npm("up")}`,
    };
  const { file } = problem;
  const managed = observation.managed.find((one) => one.file.path === file);
  if (isHostsToml(file)) {
    const back =
      managed?.kept === undefined
        ? `mv ${plainWord(file)} ${plainWord(`${file}.broken`)}`
        : `cp ${plainWord(managed.kept.path)} ${plainWord(file)}`;
    return {
      cause: `containerd does not use the hosts.toml of ${prefix}`,
      evidence,
      fix: `${commands.on(access, back)} && ${commands.npm("up")}`,
    };
  }
  const stopped = observation.containerd?.dumpError !== undefined;
  const cause = stopped
    ? "containerd cannot read its configuration"
    : `containerd's configuration of ${prefix} is not in force`;
  if (managed?.kept === undefined) return { cause, evidence, fix: `${file}: ${problem.fix}` };
  const back = `cp ${plainWord(managed.kept.path)} ${plainWord(file)} && systemctl restart containerd`;
  return { cause, evidence, fix: `${commands.on(access, back)} && ${commands.npm("up")}` };
}

function problemLines({ file, line, expected, found, frame }: Problem): string[] {
  const place = line === undefined ? file : `${file}:${line}`;
  const marked = (frame ?? "").split("\n").filter((each) => each.startsWith(">"));
  return [`${place}: expected ${expected}; found ${found}`, ...marked];
}

/** A file that is gone, or a record that cannot be read. */
function unreadable(error: Error, { access, commands }: NodeFacts): Cause {
  const [first = "", ...more] = error.message.split("\n");
  const restore = /`(sudo sh \S+ restore (\S+))`/.exec(error.message);
  const evidence = [first];
  if (restore === null)
    return {
      cause: "containerd's configuration cannot be judged",
      evidence,
      fix:
        more
          .join(" ")
          .trim()
          .replace(/^fix: /, "") || first,
    };
  const path = restore[2]!;
  return {
    cause: `${path} was deleted`,
    evidence,
    fix: `${commands.on(access, `sh ${HELPER} restore ${path}`)} && ${commands.npm("up")}`,
  };
}

function newest({ files, containerd }: Observation): ObservedFile | undefined {
  return [...files, ...(containerd?.hostsToml ?? [])]
    .filter(({ changedAt }) => changedAt !== undefined)
    .sort((a, b) => b.changedAt! - a.changedAt!)[0];
}

const time = (seconds: number | undefined) =>
  seconds === undefined ? "an unknown time" : new Date(seconds * 1000).toISOString();
