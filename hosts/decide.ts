import { createHash } from "node:crypto";
import { parseRegistryAddress } from "../patch/address";
import { coversRegistry } from "../patch/docker/insecure";
import type { Activation, FilePlan, Plan } from "../patch/plan";
import { hasChanges } from "../patch/plan";
import { planDiff } from "./diff";
import { helperText } from "./helper-text";
import type { ObservedFile, ObservedRecord, ObservedService, Observation } from "./observation";
import { notRunning } from "./obstacles";
import { buildPayload, canonicalJson, parsePayload } from "./payload";
import type { Daemon, Payload, PayloadFile } from "./payload";

/** What must be so once the files are written; else the host puts the old ones back. */
export interface Health {
  /** docker: the running daemon must list these as insecure. */
  insecureRegistries?: string[];
  /** `http://address:port/v2/` must answer from the node, before anything is changed and afterwards. */
  reach?: { address: string; port: number };
  /** How long the daemon may take to be well, in seconds. @default 60 */
  waitSeconds?: number;
  /** After this many seconds the host puts itself back, whatever happens. @default 180 */
  watchdogSeconds?: number;
}

export type Why =
  | "first apply"
  | "drift on the host"
  | "settings changed"
  | "restart pending"
  | "not running"
  | "unfinished apply";

export interface DecideInput {
  observation: Observation;
  /** The record's name (see `recordId`). */
  id: string;
  daemon: Daemon;
  plan: Plan;
  /** What was asked for; a change of it is a new apply even where the files are right already. */
  spec: unknown;
  /** What is claimed on the host, such as `172.30.1.2:5000`: an undo leaves what another record claims too. */
  claims: string[];
  health: Health;
}

export interface Decision {
  inSync: boolean;
  /** Undefined when in sync. */
  why?: Why;
  revision: number;
  enrolled: string;
  activate: Activation;
  /** Apply's stdin. In sync it is the record's own, byte for byte. */
  payload: string;
  /** Guard's stdin. */
  guardStdin: string;
  /** Unified, from the live files to the desired ones, credentials masked; empty where no line changes. */
  diff: string;
  /** What a person should see at once: a daemon that does not run. */
  warnings?: string[];
  /** What the patcher has to say of the files: why nothing is to be done there, what a person should know. */
  notes: string[];
}

/**
 * Compares a host with what it should be. In sync: no edit, nothing else asked for than at the last apply, and the daemon
 * runs with the files as they are.
 */
export function decide(input: DecideInput): Decision {
  const { observation, id, plan } = input;
  const record = observation.records.find((one) => one.id === id);
  const last = lastPayload(record);
  const spec = canonicalJson(input.spec);
  const enrolled = enrolledId(observation);
  const files = plan.files.map((file) => payloadFile(file, last));
  const modes = modeDrift(files, observation);
  const pending = isRestartPending(input, record);
  const stopped = notRunning(observation[input.daemon]?.service);
  const why = reason({
    record,
    last,
    spec,
    edits: hasChanges(plan) || modes.length > 0,
    pending,
    stopped: stopped !== undefined,
  });
  const warnings = stopped === undefined ? [] : [stopped];
  const shared = { enrolled, guardStdin: helperText(), warnings, notes: plan.notes };
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
  const activate = activation(plan, pending, input.daemon, observation);
  const payload: Payload = {
    enrolled,
    daemon: input.daemon,
    revision,
    why: why ?? "first apply",
    spec,
    claims: input.claims,
    activate,
    insecure: input.health.insecureRegistries ?? [],
    ...(input.health.reach && { reach: input.health.reach }),
    waitSeconds: input.health.waitSeconds ?? 60,
    watchdogSeconds: input.health.watchdogSeconds ?? 180,
    files,
  };
  return {
    ...shared,
    inSync: false,
    ...(why !== undefined && { why }),
    revision,
    activate,
    payload: buildPayload(payload),
    diff: planDiff(plan.files) + modes.join(""),
  };
}

/**
 * The host's id: from a record where it has one, so that it stays over reboots and a change of address; else made from
 * facts that no two hosts share. Two hosts with one id are clones of each other, records included: an error.
 */
export function enrolledId(observation: Observation): string {
  const enrolled = observation.records.map((one) => one.enrolled).sort();
  return enrolled[0] ?? observation.hostId;
}

function reason(facts: {
  record: ObservedRecord | undefined;
  last: Payload | undefined;
  spec: string;
  edits: boolean;
  pending: boolean;
  stopped: boolean;
}): Why | undefined {
  if (facts.record?.unfinished !== undefined) return "unfinished apply";
  if (facts.record?.payload === undefined) return "first apply";
  if (facts.last?.spec !== facts.spec) return "settings changed";
  if (facts.edits) return "drift on the host";
  if (facts.stopped) return "not running";
  return facts.pending ? "restart pending" : undefined;
}

/** The last apply's payload; undefined where there is none, or one of another format, which counts as other settings. */
function lastPayload(record: ObservedRecord | undefined): Payload | undefined {
  if (record?.payload === undefined) return undefined;
  try {
    return parsePayload(record.payload);
  } catch {
    return undefined;
  }
}

function activation(
  plan: Plan,
  pending: boolean,
  daemon: Daemon,
  { docker }: Observation,
): Activation {
  if (plan.activate === "restart" || !pending) return plan.activate;
  return daemon === "docker" && docker?.service.active === "active" ? "reload" : "restart";
}

/** Does the daemon run with something else than what the files say? */
function isRestartPending(input: DecideInput, record: ObservedRecord | undefined): boolean {
  const { observation, daemon, health } = input;
  if (daemon === "docker") {
    const live = observation.docker?.insecureRegistries;
    if (observation.docker?.service.active !== "active") return true;
    // The daemon itself says what it runs with.
    return live !== undefined && !(health.insecureRegistries ?? []).every(isAmong(live));
  }
  const service = observation.containerd?.service;
  if (service?.active !== "active") return true;
  // This very start of the daemon took our lines at the last apply.
  if (record?.running !== undefined && record.running === service.invocation) return false;
  return input.plan.files
    .filter((file) => !file.path.endsWith("/hosts.toml") && file.base !== undefined)
    .map((file) => observation.files.find((one) => one.path === file.path))
    .some((file) => file !== undefined && changedSince(file, service));
}

/** A name is among them as itself, or as an address of a network. */
function isAmong(live: readonly string[]): (name: string) => boolean {
  return (name) => {
    const address = parseRegistryAddress(name);
    return live.some((entry) => address !== undefined && coversRegistry(entry, address));
  };
}

/** Seconds by which the two times may be off: they come from different clocks. */
const GRAIN = 0.03;

function changedSince(file: ObservedFile, service: ObservedService): boolean {
  if (file.changedAt === undefined || service.startedAt === undefined) return false;
  return service.startedAt + GRAIN < file.changedAt;
}

function payloadFile(file: FilePlan, last: Payload | undefined): PayloadFile {
  const known = last?.files.find((one) => one.path === file.path)?.mode;
  const mode = file.base === undefined ? (file.mode ?? 0o644) : known;
  return {
    path: file.path,
    base: sha256(file.base),
    after: sha256(file.desired),
    ...(mode !== undefined && file.desired !== undefined && { mode }),
    edits: file.edits,
  };
}

/** Files that we made, and that have another mode or owner by now: a line of the diff for each. */
function modeDrift(files: PayloadFile[], observation: Observation): string[] {
  return files.flatMap((file) => {
    const live = observation.files
      .concat(observation.containerd?.hostsToml ?? [])
      .find((one) => one.path === file.path && one.kind === "file");
    if (file.mode === undefined || live === undefined || file.base === undefined) return [];
    const found = `${(live.mode ?? 0).toString(8).padStart(4, "0")} ${live.uid}:${live.gid}`;
    const wanted = `${file.mode.toString(8).padStart(4, "0")} 0:0`;
    return found === wanted
      ? []
      : [
          `--- ${file.path}\tlive\n+++ ${file.path}\tdesired\n-mode and owner ${found}\n+mode and owner ${wanted}\n`,
        ];
  });
}

function sha256(bytes: Buffer | undefined): string | undefined {
  return bytes === undefined ? undefined : createHash("sha256").update(bytes).digest("hex");
}
