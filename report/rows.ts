import { mirrorNow, settled, unread } from "../decision/live";
import { planPage } from "../decision/page";
import { planTimer } from "../decision/timer";
import type { WholeFile } from "../decision/whole-files";
import { planInsecureRegistry } from "../decision/plan";
import { CONTAINER_NAME, UI_CONTAINER_NAME } from "../helper/commands";
import { CONTAINERD_CONFIG, DAEMON_JSON } from "../observation/ask";
import type { Seen, Surveyed } from "../observation/hosts";
import type { RecordIds } from "../observation/records";
import { HostRefusal } from "../observation/refusal";
import { cachesOf } from "../settings/caches";
import type { Settings } from "../settings/schema";
import { containerState, type WantedContainer } from "./container-state";
import { type Found, patchState } from "./patch-state";
import type { Row, Way } from "./row";

/** One thing to report: where it is, and how it is found in the observation of its host. */
interface Thing extends Pick<Row, "host" | "role" | "what"> {
  /** The files to name if the host was not read. */
  readonly files: readonly string[];
  find(seen: Seen): Found;
}

/**
 * The live state of everything that the settings ask for: containerd on each node in the order of the settings, then
 * docker and the containers on the registry host.
 *
 * @param page the files of the registry's page; none if the settings have no page
 * @param timer the files of its timer, in the same way
 */
export function rowsOf(
  settings: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
  ids: RecordIds,
  page: readonly WholeFile[],
  timer: readonly WholeFile[] = [],
): Row[] {
  const said = new Set<string>();
  return thingsOf(settings, ids, page, timer).map((thing) => {
    const { host, role, what } = thing;
    const seen = surveyed.get(host);
    if (seen === undefined || "error" in seen) {
      const details = said.has(host) ? [] : unread(seen).split("\n");
      said.add(host);
      const state = seen?.error instanceof HostRefusal ? "refused" : "unreachable";
      return { host, role, what, files: thing.files, state, details };
    }
    const { os } = seen.observation;
    return { host, role, ...(os !== undefined && { os }), what, ...thing.find(seen) };
  });
}

function thingsOf(
  settings: Settings,
  ids: RecordIds,
  page: readonly WholeFile[],
  timer: readonly WholeFile[],
): Thing[] {
  const { host, port, bind, volume, adopt, deleteEnabled } = settings.registry;
  const registry = { host, role: "registry" as const };
  const container = (wanted: WantedContainer): Thing => ({
    ...registry,
    what: `container ${wanted.name}`,
    files: [],
    find: ({ observation: { docker } }) => ({ files: [], ...containerState(docker, wanted) }),
  });
  const inside = (outside: number) => `${bind}:${outside}->5000/tcp`;
  return [
    ...settings.nodes.map(({ name, role }): Thing => ({
      host: name,
      role,
      what: "containerd",
      files: [CONTAINERD_CONFIG],
      find: (seen) => {
        const { version, configPath } = seen.observation.containerd ?? {};
        const usual = [configPath ?? CONTAINERD_CONFIG];
        const live = mirrorNow(seen, settings, name, ids);
        const found = patchState(seen.observation, "containerd", ids.mirror(name), live, usual);
        const way = live instanceof Error ? {} : { way: wayOf(found.files) };
        return { ...named(version), ...way, ...found };
      },
    })),
    {
      ...registry,
      what: "docker",
      files: [DAEMON_JSON],
      find: ({ observation }) => {
        const version = observation.docker?.version;
        const live =
          version === undefined
            ? new Error("docker is not installed")
            : settled(() => planInsecureRegistry(observation, settings, ids.daemonJson));
        return {
          ...named(version),
          ...patchState(observation, "docker", ids.daemonJson, live, [DAEMON_JSON]),
        };
      },
    },
    container({
      name: CONTAINER_NAME,
      owner: ids.container,
      port: inside(port),
      deleteEnabled,
      // The images of a container that was taken over can be anywhere.
      ...(!adopt && { volume }),
    }),
    ...cachesOf(settings).map((cache) =>
      container({
        name: cache.container,
        owner: ids.cache(cache.port),
        port: inside(cache.port),
        volume: cache.volume,
      }),
    ),
    ...(settings.ui === undefined
      ? []
      : [
          {
            ...registry,
            what: "page",
            files: page.map(({ path }) => path),
            find: ({ observation }: Seen) => {
              const live = settled(() => planPage(observation, settings, ids.page, page));
              const paths = page.map(({ path }) => path);
              return patchState(observation, "page", ids.page, live, paths);
            },
          },
          container({ name: UI_CONTAINER_NAME, owner: ids.page }),
        ]),
    ...(settings.gcTimer === undefined
      ? []
      : [
          {
            ...registry,
            what: "timer",
            files: timer.map(({ path }) => path),
            find: ({ observation }: Seen) => {
              const live = settled(() => planTimer(observation, settings, ids.timer, timer, false));
              const paths = timer.map(({ path }) => path);
              return patchState(observation, "timer", ids.timer, live, paths);
            },
          },
        ]),
  ];
}

const named = (version: string | undefined) => (version === undefined ? {} : { version });

const wayOf = (files: readonly string[]): Way =>
  files.some((path) => path.endsWith("/hosts.toml")) ? "hosts.toml" : "mirrors";
