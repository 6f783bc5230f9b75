import { CONTAINER_NAME, OWNER_LABEL, STATE_LABEL } from "../helper/commands";
import type { Surveyed } from "../observation/hosts";
import type { Observation, ObservedContainer } from "../observation/observation";
import { type Data, liveData, type Past, pastCache, type PastRegistry } from "../observation/past";
import type { RecordIds } from "../observation/records";
import { cachesOf } from "../settings/caches";
import type { Settings } from "../settings/schema";
import { lowDisk } from "./disk";
import { forwardingNote } from "./forwarding";

/**
 * What a person should know about the registry's container and images before an `up`: drift in words, and images that
 * the registry will lose.
 */
export function registryNotes(
  settings: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
  ids: RecordIds,
  past: Past,
): string[] {
  const { host } = settings.registry;
  const there = surveyed.get(host);
  const docker = there === undefined || "error" in there ? undefined : there.observation.docker;
  const before = past.registries.find((one) => one.host === host);
  const forwarding =
    there === undefined || "error" in there
      ? undefined
      : forwardingNote(settings, there.observation);
  const { volume } = settings.registry;
  const containers = [
    {
      name: CONTAINER_NAME,
      volume,
      owner: ids.container,
      before,
      paused: "so pulls fail",
      mends: false,
    },
    ...cachesOf(settings).map(({ port, container, volume }) => ({
      name: container,
      volume,
      owner: ids.cache(port),
      before: pastCache(past, host, port),
      paused: "so pulls wait for it in vain before they go on",
      mends: false,
    })),
  ];
  const notes = [
    ...(forwarding === undefined ? [] : [forwarding]),
    ...(docker === undefined ? [] : dockerNotes(docker)),
    ...containers.flatMap((one) => containerNotes(one, docker?.containers)),
    ...dataNotes(settings, docker, before, past),
    ...diskNotes(settings, docker),
  ];
  return notes.map((note) => `${host}: ${note}`);
}

type Docker = NonNullable<Observation["docker"]>;

/** Whether Docker is stopped, so that nothing is known about its containers. */
export function isDockerStopped({ version, service }: Docker): boolean {
  return version !== undefined && !["active", "reloading"].includes(service.active);
}

function dockerNotes(docker: Docker): string[] {
  if (!isDockerStopped(docker)) return [];
  const { active, sub } = docker.service;
  return [
    `docker is not running (docker.service is ${active === sub ? active : `${active}, ${sub}`}), so the registry is not running either: ` +
      "up starts docker, then checks its containers",
  ];
}

/** A container of this stack that its state does not know. */
export interface Leftover {
  readonly container: ObservedContainer;
  /**
   * The id of the state that created it, which may be another operator's. Set only if the container says so and our own
   * claim is made.
   */
  readonly state?: string;
}

/**
 * Containers of this stack that its state does not know, because a run was interrupted after it created one, or because
 * the state was lost.
 */
export function leftovers(
  containers: readonly ObservedContainer[],
  owner: string,
  before: PastRegistry | undefined,
): Leftover[] {
  return containers
    .filter(({ id, labels }) => labels[OWNER_LABEL] === owner && id !== before?.container?.id)
    .map((container) => {
      const state = container.labels[STATE_LABEL];
      // A new state takes over the containers of a lost one.
      return { container, ...(before?.claimed === true && state !== undefined && { state }) };
    });
}

/** @param keeps what stays of it. @default its volume */
export function leftoverNote(
  { container: { id, name, status } }: Leftover,
  keeps = " and keeps its volume",
): string {
  return (
    `the container ${name} (${id.slice(0, 12)}, ${status}) belongs to this stack but is not in its state, as after an interrupted run: ` +
    `up replaces it${keeps}`
  );
}

/** A container as the settings want it. */
interface Wanted {
  readonly name: string;
  /** The volume with its data. @default it has none */
  readonly volume?: string;
  /** Its record. */
  readonly owner: string;
  readonly before: PastRegistry | undefined;
  /** What follows if it is paused. */
  readonly paused: string;
  /** Whether an `up` can end that it keeps restarting. */
  readonly mends: boolean;
}

/** Drift of one container in words. None if Docker has not answered. */
export function containerNotes(
  wanted: Wanted,
  containers: readonly ObservedContainer[] | undefined,
): string[] {
  if (containers === undefined) return [];
  const { name, volume, owner, before } = wanted;
  const unknown = leftovers(containers, owner, before);
  const keeps = volume === undefined ? "" : undefined;
  const notes = unknown
    .filter(({ state }) => state === undefined)
    .map((one) => leftoverNote(one, keeps));
  const id = before?.container?.id;
  if (id === undefined) return notes;
  const current = containers.find((one) => one.id === id);
  if (current !== undefined) return [...notes, ...stateNotes(current, wanted)];
  if (unknown.length > 0) return notes;
  return [
    `the container ${name} was removed outside of this stack: up recreates it${volume === undefined ? "" : ` on the volume ${volume}`}`,
  ];
}

/** Describes how an existing container differs from the last run. */
function stateNotes(
  { name, running, status, exitCode }: ObservedContainer,
  wanted: Wanted,
): string[] {
  const notes: string[] = [];
  const same = wanted.volume === undefined ? "" : ", on the same volume";
  if (name !== wanted.name)
    notes.push(
      `the container ${wanted.name} was renamed to ${name}: up replaces it with one of that name${same}`,
    );
  if (status === "paused")
    notes.push(
      `the container ${name} is paused, ${wanted.paused}; up does not resume it: run \`docker unpause ${name}\` there`,
    );
  else if (status === "restarting")
    notes.push(
      `the container ${name} keeps restarting (exit code ${exitCode})${wanted.mends ? "" : "; up cannot repair it"}: see \`docker logs ${name}\` there`,
    );
  else if (!running)
    notes.push(
      `the container ${name} is not running (${status === "exited" ? `exited with code ${exitCode}` : status}): up starts it`,
    );
  return notes;
}

function diskNotes({ registry }: Settings, docker: Docker | undefined): string[] {
  const note = docker?.disk && lowDisk(docker.disk, `the volume ${registry.volume}`);
  return note === undefined ? [] : [note];
}

/** Whether the registry will have other images than now, or none. */
function dataNotes(
  { registry }: Settings,
  docker: Docker | undefined,
  before: PastRegistry | undefined,
  past: Past,
): string[] {
  const wanted = `the volume ${registry.volume}`;
  const has = docker?.volume === "images";
  const unknown = docker !== undefined && isDockerStopped(docker);
  const outlook = has
    ? `the registry will have the images that are in ${wanted}`
    : unknown
      ? `the registry will be empty, unless there are images in ${wanted}`
      : "the registry will be empty";
  if (before?.container === undefined) {
    return past.registries
      .filter(({ host, container }) => host !== registry.host && container !== undefined)
      .map(
        ({ host, data }) =>
          `${outlook}: it moves here from ${host}, where its images remain${data ? ` in ${called(data)}` : ""}. ` +
          "Push them again, or copy them first",
      );
  }
  const id = before.container.id;
  const current = docker?.containers?.find((one) => one.id === id);
  const held = (current && liveData(current)) ?? before.data;
  if (held === undefined || registry.adopt) return [];
  if ("volume" in held && held.volume === registry.volume) {
    return docker?.volume === "absent"
      ? [`the registry will be empty: ${wanted}, which held its images, is gone`]
      : [];
  }
  const stays = registry.retainVolume || "path" in held;
  const way = "volume" in held ? `registry.volume: ${held.volume}` : "registry.adopt: true";
  return [
    `${outlook}: ${called(held)}, which holds its present images, ${
      stays ? "remains, unused" : "is deleted (registry.retainVolume is false)"
    }. To keep them, set ${way}`,
  ];
}

function called(data: Data): string {
  return "volume" in data ? `the volume ${data.volume}` : `the folder ${data.path}`;
}
