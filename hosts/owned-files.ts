import { lineEdits } from "../patch/line-edits";
import type { FilePlan, Plan } from "../patch/plan";
import { Source } from "../patch/source";
import { toByteEdits } from "../patch/text-edit";
import { HELPER } from "./commands";
import { bytesOf, type ManagedFile, type ObservedFile, type Observation } from "./observation";
import type { Daemon } from "./payload";
import { HostRefusal } from "./refusal";

/** What one claimant wants of a daemon's files. */
export interface Want {
  id: string;
  spec: unknown;
}

/** The texts of files by path; undefined: there is no such file. */
export type Texts = ReadonlyMap<string, Buffer | undefined>;

/**
 * Plans a daemon's files, which have these texts, for all that these claimants want, first claimant first.
 * @throws Error where that cannot be done with certainty, or they want different things of one entry
 */
export type Planner = (wants: readonly Want[], texts: Texts) => Plan;

/** One file of a daemon: how it is, how it would be without anything of ours, and what it shall be. */
export interface OwnedFile {
  path: string;
  live: Buffer | undefined;
  /** Its edits lead from the baseline to what the file shall be. */
  plan: FilePlan;
}

/**
 * What the files shall be: for each the text without anything of ours, with all that the claimants want put in. What
 * nobody wants any more is gone from it, and files that nobody wants any more are their baseline again.
 *
 * @param unchanged  nobody wants anything else than when the files were last written: then a file with all that is wanted
 *   stays as it is, also where it would be written differently now
 */
export function planFiles(
  observation: Observation,
  daemon: Daemon,
  wants: readonly Want[],
  planner: Planner,
  unchanged: boolean,
): { files: OwnedFile[]; notes: string[] } {
  const live = liveTexts(observation, daemon);
  const baselines = baselineTexts(observation, daemon);
  let asIs: Plan | undefined;
  let plan: Plan;
  try {
    plan = planner(wants, baselines);
  } catch (error) {
    // The lines that a refusal names are to be those of the file as it is.
    planner(wants, live);
    throw error;
  }
  try {
    asIs = planner(wants, live);
  } catch {
    // Something of ours that goes may stand in the way of what comes.
  }
  const files = withManaged(plan, observation, daemon).map((file): OwnedFile => {
    const now = live.get(file.path);
    const edits = asIs?.files.find(({ path }) => path === file.path)?.edits;
    const isWanted = edits?.length === 0 && (unchanged || sameWords(now, file.desired));
    return { path: file.path, live: now, plan: isWanted ? asItIs(file, now) : file };
  });
  return { files, notes: (asIs ?? plan).notes };
}

/** The plans for every group of some of the claimants; none for a group that cannot be there without the others. */
export function planOthers(
  observation: Observation,
  daemon: Daemon,
  wants: readonly Want[],
  planner: Planner,
): { ids: string[]; files: FilePlan[] }[] {
  const baselines = baselineTexts(observation, daemon);
  const groups: Want[][] = [];
  for (let mask = 1; mask < 2 ** wants.length - 1; mask++) {
    groups.push(wants.filter((_, index) => (mask & (1 << index)) !== 0));
  }
  return groups.flatMap((group) => {
    try {
      const files = withManaged(planner(group, baselines), observation, daemon);
      return [{ ids: group.map(({ id }) => id), files }];
    } catch {
      return [];
    }
  });
}

/**
 * Somebody has deleted a file that was there before us: what was in it besides our lines is not ours to leave out.
 * @throws HostRefusal with the way back
 */
export function refuseDeleted(observation: Observation, daemon: Daemon): void {
  for (const { file, kept, claims } of managedOf(observation, daemon)) {
    if (file.kind !== "absent" || kept === undefined) continue;
    const back =
      claims.length > 0
        ? `sudo sh ${HELPER} restore ${file.path}`
        : `sudo install -D -m 644 ${kept.path} ${file.path}`;
    throw new HostRefusal(
      `${file.path}: expected the file of ${kept.size} bytes that was there; found it deleted\n` +
        `  fix: its last text is kept in ${kept.path} on this host: put it back with \`${back}\`, or another one of your own; ` +
        "or set recreateDeleted: true, to start from nothing",
    );
  }
}

function liveTexts(observation: Observation, daemon: Daemon): Map<string, Buffer | undefined> {
  const { files, containerd, managed } = observation;
  const seen: ObservedFile[] = [...files, ...(containerd?.hostsToml ?? [])];
  for (const { file } of managed) seen.push(file);
  return new Map(
    seen.filter(({ path }) => isOf(daemon, path)).map((file) => [file.path, bytesOf(file)]),
  );
}

/** A daemon's files without anything of ours, whoever claims it. */
export function baselineTexts(
  observation: Observation,
  daemon: Daemon,
): Map<string, Buffer | undefined> {
  const texts = liveTexts(observation, daemon);
  for (const { file, baseline } of managedOf(observation, daemon)) {
    texts.set(file.path, baseline === undefined ? undefined : Buffer.from(baseline, "base64"));
  }
  return texts;
}

export function managedOf({ managed }: Observation, daemon: Daemon): ManagedFile[] {
  return managed.filter(({ file }) => isOf(daemon, file.path));
}

function isOf(daemon: Daemon, path: string): boolean {
  return path.endsWith("/daemon.json") === (daemon === "docker");
}

/** Managed files that the plan does not name shall be as if we were not there. */
function withManaged(plan: Plan, observation: Observation, daemon: Daemon): FilePlan[] {
  const more = managedOf(observation, daemon).filter(
    ({ file }) => !plan.files.some(({ path }) => path === file.path),
  );
  return [
    ...plan.files,
    ...more.map(({ file: { path }, baseline }): FilePlan => {
      const bytes = baseline === undefined ? undefined : Buffer.from(baseline, "base64");
      return { path, base: bytes, edits: [], desired: bytes };
    }),
  ];
}

/** What only stands elsewhere, or is laid out or quoted in another way, is not written again: that would be a restart. */
function sameWords(a: Buffer | undefined, b: Buffer | undefined): boolean {
  const words = (bytes: Buffer) =>
    bytes
      .toString("latin1")
      .replaceAll("'", '"')
      .split(/[\s,:=[\]{}]+/)
      .sort()
      .join(" ")
      .trim();
  return a === undefined || b === undefined ? a === b : words(a) === words(b);
}

/** The plan that leaves a file as it is. */
function asItIs(file: FilePlan, now: Buffer | undefined): FilePlan {
  if (now === undefined || file.desired?.equals(now) === true) return file;
  const source = Source.decode(file.path, file.base ?? Buffer.alloc(0));
  const edits = toByteEdits(source, lineEdits(source.text, now.toString("utf8")));
  return { ...file, edits, desired: now };
}
