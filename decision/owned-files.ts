import { GC_FOLDER, HELPER, UI_FOLDER } from "../helper/commands";
import { GC_SERVICE_FILE, GC_TIMER_FILE } from "../observation/ask";
import type { Daemon } from "../helper/payload";
import {
  bytesOf,
  type ManagedFile,
  type ObservedFile,
  type Observation,
} from "../observation/observation";
import { HostRefusal } from "../observation/refusal";
import { lineEdits } from "../patch/line-edits";
import type { FilePlan, Plan } from "../patch/plan";
import { Source } from "../patch/source";
import { toByteEdits } from "../patch/text-edit";

/** What one claimant wants in a daemon's files. */
export interface Want {
  id: string;
  spec: unknown;
}

/** The texts of files by path; undefined for a file that does not exist. */
export type Texts = ReadonlyMap<string, Buffer | undefined>;

/**
 * Plans a daemon's files, from their given texts, with the wants of all claimants in their order.
 * @throws Error if this cannot be done with certainty, or if two claimants have different settings for one entry
 */
export type Planner = (wants: readonly Want[], texts: Texts) => Plan;

/** One file of a daemon: the live text, the text without any line of this program, and the desired text. */
export interface OwnedFile {
  path: string;
  live: Buffer | undefined;
  /** Its edits change the baseline into the desired text. */
  plan: FilePlan;
}

/**
 * Plans the desired texts: each file's text without any line of this program, plus the wants of all claimants. So lines
 * that nobody wants any more are gone, and files that nobody wants any more have their baseline.
 *
 * @param unchanged  true if all wants are those of the last write. Then a file that has all wanted lines does not
 * change, even if a new plan would have another layout
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
    // Plan again from the live files, so that the error has their line numbers.
    planner(wants, live);
    throw error;
  }
  try {
    asIs = planner(wants, live);
  } catch {
    // Old lines of this program may cause the refusal, and the new plan removes them.
  }
  const files = withManaged(plan, observation, daemon).map((file): OwnedFile => {
    const now = live.get(file.path);
    const edits = asIs?.files.find(({ path }) => path === file.path)?.edits;
    const isWanted = edits?.length === 0 && (unchanged || sameWords(now, file.desired));
    return { path: file.path, live: now, plan: isWanted ? asItIs(file, now) : file };
  });
  return { files, notes: (asIs ?? plan).notes };
}

/** The plans for every subset of the claimants. A subset that cannot exist without the others has none. */
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
 * Refuses a file that existed before the first apply and that somebody has deleted: the lines of others in it must not
 * be lost.
 * @throws HostRefusal with the command that restores the file
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

/** A daemon's files without any line of this program, whoever claims it. */
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
  if (path.startsWith(`${UI_FOLDER}/`)) return daemon === "page";
  if (path.startsWith(`${GC_FOLDER}/`) || path === GC_SERVICE_FILE || path === GC_TIMER_FILE)
    return daemon === "timer";
  return path.endsWith("/daemon.json") ? daemon === "docker" : daemon === "containerd";
}

/** Managed files that the plan does not contain get their baseline. */
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

/** A file that differs only in order, layout or quotes is not written again, because this would cause a restart. */
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

/** The plan that does not change a file. */
function asItIs(file: FilePlan, now: Buffer | undefined): FilePlan {
  if (now === undefined || file.desired?.equals(now) === true) return file;
  const source = Source.decode(file.path, file.base ?? Buffer.alloc(0));
  const edits = toByteEdits(source, lineEdits(source.text, now.toString("utf8")));
  return { ...file, edits, desired: now };
}
