import {
  connectionArgs,
  ContainerdMirror,
  DaemonJsonPatch,
  dockerAddress,
  DockerHost,
  dockerSshOptions,
  LocalRegistryHosting,
  refusal,
  RegistryContainer,
  type RegistryContainerArgs,
} from "./components";
import * as pulumi from "@pulumi/pulumi";
import { enrolledId, type Observation, observe, OWNER_LABEL, STATE_LABEL } from "./hosts";
import type { HostAccess } from "./settings/access";
import type { ClusterAccess } from "./settings/cluster";
import { settingsOn } from "./settings/node";
import type { Settings } from "./settings/schema";
import { askFor } from "./survey/ask";
import { type Surveyed, withConnection } from "./survey/hosts";
import { guardTriggers } from "./survey/moved";
import { liveData, type Past } from "./survey/past";
import { imagePrefix, planInsecureRegistry, planMirror } from "./survey/plan";
import { checkReach } from "./survey/reach";
import type { RecordIds } from "./survey/records";
import { leftoverNote, leftovers } from "./survey/registry";
import { makeRoom, ownLeftovers } from "./survey/room";

/** A host that was looked at and can be declared. */
interface Known {
  readonly access: HostAccess;
  readonly observation: Observation;
}

/**
 * Declares the registry and every node, in the lesson's order: Docker, its daemon.json, the registry, then containerd
 * on each node once the registry runs and all of them reach it.
 *
 * @param troubled  hosts to leave out of a preview, since they could not be looked at or planned for
 * @param past  what the state says of the last run
 * @param cluster  the cluster that is told of the registry, last of all
 * @returns the stack's outputs
 */
export function declareCluster(
  settings: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
  ids: RecordIds,
  troubled: ReadonlySet<string>,
  past: Past,
  cluster?: ClusterAccess,
): Record<string, unknown> {
  const known = (name: string): Known | undefined => {
    const host = surveyed.get(name);
    return host === undefined || "error" in host || troubled.has(name) ? undefined : host;
  };
  const host = known(settings.registry.host);
  const registry = host && declareRegistry(settings, host, ids, past);
  const nodes = settings.nodes.flatMap(({ name, role }) => {
    const node = known(name);
    return node === undefined ? [] : [{ name, role, ...node }];
  });
  const plans = nodes.map((node) => ({
    ...node,
    decision: planMirror(node.observation, settingsOn(settings, node.name), ids.mirror(node.name)),
  }));
  const changing = plans.filter(({ decision }) => !decision.inSync).map(({ access }) => access);
  const { address, port } = settings.registry;
  const reachable = registry?.containerId.apply(() =>
    withoutStack(checkReach(changing, address, port)),
  );

  const mirrors = plans.map(({ name, role, access, observation, decision }) => {
    const enrolled = enrolledId(observation);
    const triggers = guardTriggers(past, { host: name, daemon: "containerd", enrolled });
    const mirror = new ContainerdMirror(
      name,
      {
        role,
        connection: connectionArgs(access.login),
        sudo: access.sudo,
        host: name,
        recordId: ids.mirror(name),
        enrolled,
        ...(triggers && { triggers }),
        decision,
        ...(!decision.inSync && { after: reachable }),
      },
      { ...(registry && { dependsOn: [registry] }) },
    );
    return { name, role, mirror };
  });
  if (cluster !== undefined && registry !== undefined) {
    new LocalRegistryHosting(
      settings.registry.host,
      { registry: registry.imagePrefix, ...cluster },
      // Told to the cluster's users when it is true: every node pulls from it.
      { dependsOn: mirrors.map(({ mirror }) => mirror) },
    );
  }

  const prefix = imagePrefix(settings);
  return {
    registryUrl: registry?.url,
    imagePrefix: registry?.imagePrefix,
    nodes: Object.fromEntries(
      mirrors.map(({ name, role, mirror }) => [name, { role, state: mirror.state }]),
    ),
    commands: {
      build: "docker build -t mynginx:1.0 .",
      tag: `docker tag mynginx:1.0 ${prefix}/mynginx:1.0`,
      push: `docker push ${prefix}/mynginx:1.0`,
    },
  };
}

/** An error that a person is to read as it is: without a stack trace of ours. */
async function withoutStack<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw refusal((error as Error).message);
  }
}

/** Where our running container's images lie, as far as it is there to be asked. */
function adoptedData(
  { docker }: Observation,
  ids: RecordIds,
): Pick<RegistryContainerArgs, "adopted"> {
  const container = docker?.containers?.find(({ labels }) => labels[OWNER_LABEL] === ids.container);
  const data = container && liveData(container);
  return data === undefined ? {} : { adopted: data };
}

/** A container of ours that our state does not know makes room for the one that is made; a preview says so. */
function roomFor(
  settings: Settings,
  { access, observation }: Known,
  ids: RecordIds,
  past: Past,
): Pick<RegistryContainerArgs, "room" | "labelled"> {
  const before = past.registries.find((one) => one.host === access.name);
  const containers = observation.docker?.containers;
  const found = leftovers(containers ?? [], ids, before);
  const labelled =
    before?.container === undefined || before.container.labels[STATE_LABEL] !== undefined;
  if (pulumi.runtime.isDryRun()) {
    const look = async (state: string): Promise<void> => {
      for (const one of ownLeftovers(found, state)) {
        if (one.state !== undefined) await pulumi.log.warn(`${access.name}: ${leftoverNote(one)}`);
      }
    };
    return { labelled, room: (state) => withoutStack(look(state)) };
  }
  // With nothing found there is nothing to remove; docker that stood still has told us nothing yet.
  if (containers !== undefined && found.length === 0) return { labelled };
  return {
    labelled,
    room: (state) => withoutStack(makeRoom(settings, access, ids, before, state)),
  };
}

function declareRegistry(
  settings: Settings,
  known: Known,
  ids: RecordIds,
  past: Past,
): RegistryContainer {
  const { access, observation } = known;
  const { registry } = settings;
  const shared = { connection: connectionArgs(access.login), sudo: access.sudo };
  const enrolled = enrolledId(observation);
  const planAnew = async () => {
    const ask = askFor(settings, access);
    const now = await withConnection(access, (connection) => observe(connection, ask));
    return planInsecureRegistry(now, settings, ids.daemonJson);
  };
  const triggers = guardTriggers(past, { host: registry.host, daemon: "docker", enrolled });
  const docker = new DockerHost(registry.host, { ...shared, enrolled, source: settings.docker });
  const patch = new DaemonJsonPatch(
    registry.host,
    {
      ...shared,
      enrolled,
      ...(triggers && { triggers }),
      host: registry.host,
      recordId: ids.daemonJson,
      decision:
        observation.docker?.version === undefined
          ? // Installing Docker changes what there is to see: look again once that is done.
            docker.installed.apply(() => withoutStack(planAnew()))
          : planInsecureRegistry(observation, settings, ids.daemonJson),
    },
    { dependsOn: [docker] },
  );
  return new RegistryContainer(
    registry.host,
    {
      ...shared,
      enrolled,
      host: registry.host,
      recordId: ids.container,
      dockerHost: dockerAddress(access),
      sshOpts: dockerSshOptions(access),
      address: registry.address,
      port: registry.port,
      image: registry.image,
      volume: registry.volume,
      retainVolume: registry.retainVolume,
      bind: registry.bind,
      deleteEnabled: registry.deleteEnabled,
      adopt: registry.adopt,
      ...adoptedData(observation, ids),
      ...roomFor(settings, known, ids, past),
    },
    { dependsOn: [patch] },
  );
}
