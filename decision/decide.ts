import { createHash } from "node:crypto";
import { packedHelper } from "../helper/helper-text";
import { buildPayload, canonicalJson, isFormer, parsePayload } from "../helper/payload";
import type { Daemon, Payload, PayloadFile } from "../helper/payload";
import type {
  ObservedFile,
  ObservedRecord,
  ObservedService,
  Observation,
} from "../observation/observation";
import { parseRegistryAddress } from "../patch/address";
import { coversRegistry } from "../patch/docker/insecure";
import type { Activation, FilePlan } from "../patch/plan";
import { orderOf, otherClaimants, takenOver } from "./claimants";
import { planDiff } from "./diff";
import { editedLines } from "./edited-lines";
import { notRunning } from "./obstacles";
import { timerTrouble } from "./timer-trouble";
import { type OwnedFile, planFiles, type Planner, planOthers, refuseDeleted } from "./owned-files";

/** Conditions that must hold after the files are written. Otherwise the host rolls the change back. */
export interface Health {
  /** docker: the running daemon must list these as insecure. */
  insecureRegistries?: string[];
  /** docker: the running daemon must have these mirrors of Docker Hub. */
  registryMirrors?: string[];
  /** `http://address:port/v2/` must answer from the node, before and after the change. */
  reach?: { address: string; port: number };
  /** How long the daemon may take to become healthy, in seconds. @default 60 */
  waitSeconds?: number;
  /** After this many seconds, the host rolls the change back in any case. @default 180 */
  watchdogSeconds?: number;
}

export type Why =
  | "first apply"
  | "drift on the host"
  | "settings changed"
  | "restart pending"
  | "not running"
  | "unfinished apply"
  | "this host had another name"
  | "record of an earlier version";

export interface DecideInput {
  observation: Observation;
  /** The record's name (see `recordId`). */
  id: string;
  daemon: Daemon;
  /** Plans the daemon's files for all of their claimants. */
  plan: Planner;
  /** The claimant's settings. A change of them is a new apply even if the files need no edit. */
  spec: unknown;
  /** Names of this claimant in the files, such as `172.30.1.2:5000`. */
  claims: string[];
  health: Health;
  /** If somebody has deleted a file, write a new one with only the lines of this program. @default false */
  recreateDeleted?: boolean;
}

export interface Decision {
  inSync: boolean;
  /** Undefined when in sync. */
  why?: Why;
  revision: number;
  enrolled: string;
  activate: Activation;
  /** Apply's stdin. In sync, it equals the record's payload byte for byte. */
  payload: string;
  /** Guard's stdin. */
  guardStdin: string;
  /** A unified diff from the live files to the desired ones, with credentials masked. Empty if no line changes. */
  diff: string;
  /** Important warnings, such as a daemon that does not run. */
  warnings?: string[];
  /** The patcher's notes about the files, such as why nothing has to change. */
  notes: string[];
}

/**
 * Compares a host with its desired state. It is in sync if there are no edits, the settings are those of the last
 * apply, and the daemon runs with the current files.
 * @throws HostRefusal if a file that existed before the first apply was deleted, or if another record cannot be read
 */
export function decide(input: DecideInput): Decision {
  const { observation, id, daemon } = input;
  if (input.recreateDeleted !== true) refuseDeleted(observation, daemon);
  const instead = takenOver(observation, id);
  const record = recordOf(observation, id, instead);
  const last = lastPayload(record);
  const spec = canonicalJson(input.spec);
  const enrolled = enrolledId(observation);
  const others = otherClaimants(observation, daemon, id);
  const own = { id, spec: input.spec, order: orderOf(last, others) };
  const wants = [...others, own].sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
  const isFormerRecord = record?.payload !== undefined && isFormer(record.payload);
  const unchanged = last?.spec === spec && !isFormerRecord;
  const { files, notes: said } = planFiles(observation, daemon, wants, input.plan, unchanged);
  const wanted = new Set(wants.flatMap((want) => strings(want.spec)));
  const gone = strings(parsedSpec(last)).filter((name) => !wanted.has(name));
  const notes = [...said, ...editedLines(observation, daemon, gone, files)];
  const changes = files.filter(({ live, plan }) => !same(live, plan.desired));
  const modes = modeDrift(files, observation);
  const pending = isRestartPending(input, record, files);
  const stopped = stoppedNow(observation, daemon);
  const why = reason({
    record,
    last,
    spec,
    edits: changes.length > 0 || modes.length > 0,
    pending,
    renamed: instead.length > 0,
    stopped: stopped !== undefined,
  });
  const warnings = stopped === undefined ? [] : [stopped];
  const shared = { enrolled, guardStdin: packedHelper(), warnings, notes };
  if (why === undefined && record?.payload !== undefined) {
    return {
      ...shared,
      inSync: true,
      revision: last?.revision ?? 0,
      activate: "none",
      payload: record.payload,
      diff: "",
    };
  }
  const revision = (last?.revision ?? 0) + 1;
  const activate = activation(changes, pending, daemon, observation);
  const groups = planOthers(observation, daemon, wants, input.plan);
  const payload: Payload = {
    enrolled,
    daemon,
    revision,
    why: why ?? "first apply",
    spec,
    order: own.order,
    claimants: wants.map((one) => ({
      id: one.id,
      revision: others.find((other) => other.id === one.id)?.revision ?? revision,
    })),
    instead,
    claims: input.claims,
    activate,
    insecure: [
      ...new Set([
        ...(input.health.insecureRegistries ?? []),
        ...others.flatMap(({ insecure }) => insecure),
      ]),
    ],
    mirrors: [
      ...new Set([
        ...(input.health.registryMirrors ?? []),
        ...others.flatMap(({ mirrors }) => mirrors),
      ]),
    ],
    ...(input.health.reach && { reach: input.health.reach }),
    waitSeconds: input.health.waitSeconds ?? 60,
    watchdogSeconds: input.health.watchdogSeconds ?? 180,
    files: files.map((file) => payloadFile(file, groups)),
  };
  return {
    ...shared,
    inSync: false,
    ...(why !== undefined && { why }),
    revision,
    activate,
    payload: buildPayload(payload),
    diff: planDiff(changes.map(changeOf)) + modes.join(""),
  };
}

/**
 * The host's id. It comes from a record if there is one, so that a reboot or a new address does not change it.
 * Otherwise it is made from facts that differ on every host. If two hosts have the same id, one is a clone of the
 * other, including its records: this is an error.
 */
export function enrolledId(observation: Observation): string {
  const enrolled = observation.records.map((one) => one.enrolled).sort();
  return enrolled[0] ?? observation.hostId;
}

/** A sentence about a daemon that does not do its work; undefined if it does. */
function stoppedNow(observation: Observation, daemon: Daemon): string | undefined {
  if (daemon === "page") return undefined;
  if (daemon === "timer") return timerTrouble(observation.timer);
  return notRunning(observation[daemon]?.service);
}

/** Our record on this host, under the node's name or under a former name of this host. */
function recordOf(
  { records }: Observation,
  id: string,
  instead: readonly string[],
): ObservedRecord | undefined {
  const own = records.find((one) => one.id === id);
  if (own?.payload !== undefined) return own;
  return records.find((one) => one.id === instead[0]) ?? own;
}

function reason(facts: {
  record: ObservedRecord | undefined;
  last: Payload | undefined;
  spec: string;
  edits: boolean;
  pending: boolean;
  stopped: boolean;
  renamed: boolean;
}): Why | undefined {
  const text = facts.record?.payload;
  if (facts.record?.unfinished !== undefined) return "unfinished apply";
  if (facts.renamed) return "this host had another name";
  if (text === undefined) return "first apply";
  if (facts.last?.spec !== facts.spec) return "settings changed";
  if (isFormer(text)) return "record of an earlier version";
  if (facts.edits) return "drift on the host";
  if (facts.stopped) return "not running";
  return facts.pending ? "restart pending" : undefined;
}

/**
 * The payload of the last apply. Undefined if there is none or if it has another format, which counts as changed
 * settings.
 */
function lastPayload(record: ObservedRecord | undefined): Payload | undefined {
  if (record?.payload === undefined) return undefined;
  try {
    return parsePayload(record.payload);
  } catch {
    return undefined;
  }
}

function parsedSpec(last: Payload | undefined): unknown {
  return last === undefined ? undefined : JSON.parse(last.spec);
}

/** All names and addresses in the settings, including the keys of objects. */
function strings(spec: unknown): string[] {
  if (typeof spec === "string") return [spec];
  if (typeof spec !== "object" || spec === null) return [];
  return [
    ...(Array.isArray(spec) ? [] : Object.keys(spec)),
    ...Object.values(spec).flatMap(strings),
  ];
}

/**
 * containerd restarts for another config.toml, and docker reloads. containerd reads hosts.toml files at each pull. The
 * page's container is replaced by a resource of its own, and the helper always starts the timer.
 */
function activation(
  changes: readonly OwnedFile[],
  pending: boolean,
  daemon: Daemon,
  { docker }: Observation,
): Activation {
  if (daemon === "page" || daemon === "timer") return "none";
  const takes = changes.some(({ path }) => !path.endsWith("/hosts.toml"));
  if (!takes && !pending) return "none";
  if (daemon === "containerd") return "restart";
  return takes || docker?.service.active === "active" ? "reload" : "restart";
}

/** Whether the daemon runs with other settings than those in the files. */
function isRestartPending(
  input: DecideInput,
  record: ObservedRecord | undefined,
  files: readonly OwnedFile[],
): boolean {
  const { observation, daemon, health } = input;
  if (daemon === "page" || daemon === "timer") return false;
  if (daemon === "docker") {
    const { insecureRegistries: live, registryMirrors: mirrors } = observation.docker ?? {};
    if (observation.docker?.service.active !== "active") return true;
    // The daemon itself reports its current settings.
    return (
      (live !== undefined && !(health.insecureRegistries ?? []).every(isAmong(live))) ||
      (mirrors !== undefined &&
        !(health.registryMirrors ?? []).every((url) => mirrors.includes(url)))
    );
  }
  const service = observation.containerd?.service;
  if (service?.active !== "active") return true;
  // The daemon has not restarted since the last apply, which has loaded our lines.
  if (record?.running !== undefined && record.running === service.invocation) return false;
  return files
    .filter(({ path, live }) => !path.endsWith("/hosts.toml") && live !== undefined)
    .map(({ path }) => observation.files.find((one) => one.path === path))
    .some((file) => file !== undefined && changedSince(file, service));
}

/** Whether a name is in the list, or is an address in one of its networks. */
function isAmong(live: readonly string[]): (name: string) => boolean {
  return (name) => {
    const address = parseRegistryAddress(name);
    return live.some((entry) => address !== undefined && coversRegistry(entry, address));
  };
}

/** The clocks' grains are on the side of a start after the change (see `started_since` in helper/shell). */
function changedSince(file: ObservedFile, service: ObservedService): boolean {
  if (file.changedAt === undefined || service.startedAt === undefined) return false;
  return service.startedAt < file.changedAt;
}

/** The edits apply to the text without any line of this program, so they contain no line of anybody else. */
function payloadFile(
  { path, live, plan }: OwnedFile,
  groups: readonly { ids: string[]; files: FilePlan[] }[],
): PayloadFile {
  const isOurs = plan.base === undefined && plan.desired !== undefined;
  return {
    path,
    base: sha256(live),
    baseline: sha256(plan.base),
    ...(isOurs && { mode: plan.mode ?? 0o644 }),
    after: sha256(plan.desired),
    edits: plan.edits,
    others: groups.map(({ ids, files }) => {
      const file = files.find((one) => one.path === path);
      return { for: ids, after: sha256(file ? file.desired : plan.base), edits: file?.edits ?? [] };
    }),
  };
}

/** The whole change, from the live file. */
function changeOf({ path, live, plan }: OwnedFile): FilePlan {
  const text = (plan.desired ?? "").toString();
  return {
    path,
    base: live,
    desired: plan.desired,
    edits: [{ offset: 0, length: live?.length ?? 0, text }],
  };
}

/** One diff line for each file that this program created and whose mode or owner has changed. */
function modeDrift(files: readonly OwnedFile[], observation: Observation): string[] {
  return files.flatMap(({ path, live: now, plan }) => {
    const live = observation.files
      .concat(observation.containerd?.hostsToml ?? [])
      .concat(observation.managed.map(({ file }) => file))
      .find((one) => one.path === path && one.kind === "file");
    if (plan.base !== undefined || plan.desired === undefined) return [];
    if (now === undefined || live === undefined) return [];
    const found = `${(live.mode ?? 0).toString(8).padStart(4, "0")} ${live.uid}:${live.gid}`;
    const wanted = `${(plan.mode ?? 0o644).toString(8).padStart(4, "0")} 0:0`;
    return found === wanted
      ? []
      : [
          `--- ${path}\tlive\n+++ ${path}\tdesired\n-mode and owner ${found}\n+mode and owner ${wanted}\n`,
        ];
  });
}

function same(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

function sha256(bytes: Buffer | undefined): string | undefined {
  return bytes === undefined ? undefined : createHash("sha256").update(bytes).digest("hex");
}
