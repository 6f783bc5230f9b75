import {
  connectionArgs,
  ContainerdMirror,
  DaemonJsonPatch,
  dockerAddress,
  DockerHost,
  dockerSshOptions,
  DATA_PATH,
  LocalRegistryHosting,
  refusal,
  RegistryContainer,
  type RegistryContainerArgs,
} from "./components";
import { enrolledId, type Observation, observe, OWNER_LABEL } from "./hosts";
import type { HostAccess } from "./settings/access";
import type { ClusterAccess } from "./settings/cluster";
import { settingsOn } from "./settings/node";
import type { Settings } from "./settings/schema";
import { askFor } from "./survey/ask";
import { type Surveyed, withConnection } from "./survey/hosts";
import { imagePrefix, planInsecureRegistry, planMirror } from "./survey/plan";
import { checkReach } from "./survey/reach";
import type { RecordIds } from "./survey/records";

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
 * @param cluster  the cluster that is told of the registry, last of all
 * @returns the stack's outputs
 */
export function declareCluster(
  settings: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
  ids: RecordIds,
  troubled: ReadonlySet<string>,
  cluster?: ClusterAccess,
): Record<string, unknown> {
  const known = (name: string): Known | undefined => {
    const host = surveyed.get(name);
    return host === undefined || "error" in host || troubled.has(name) ? undefined : host;
  };
  const host = known(settings.registry.host);
  const registry = host && declareRegistry(settings, host, ids);
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
  const reachable = registry?.containerId.apply(() => orTell(checkReach(changing, address, port)));

  const mirrors = plans.map(({ name, role, access, observation, decision }) => {
    const mirror = new ContainerdMirror(
      name,
      {
        role,
        connection: connectionArgs(access.login),
        sudo: access.sudo,
        host: name,
        recordId: ids.mirror(name),
        enrolled: enrolledId(observation),
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
async function orTell<T>(work: Promise<T>): Promise<T> {
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
  const container = docker?.container;
  if (container === undefined || container.labels[OWNER_LABEL] !== ids.container) return {};
  const mount = container.mounts.find(({ destination }) => destination === DATA_PATH);
  if (mount === undefined) return {};
  return {
    adopted:
      mount.type === "bind" ? { path: mount.source } : { volume: mount.name ?? mount.source },
  };
}

function declareRegistry(
  settings: Settings,
  { access, observation }: Known,
  ids: RecordIds,
): RegistryContainer {
  const { registry } = settings;
  const shared = { connection: connectionArgs(access.login), sudo: access.sudo };
  const enrolled = enrolledId(observation);
  const planAnew = async () => {
    const ask = askFor(settings, access);
    const now = await withConnection(access, (connection) => observe(connection, ask));
    return planInsecureRegistry(now, settings, ids.daemonJson);
  };
  const docker = new DockerHost(registry.host, { ...shared, enrolled, source: settings.docker });
  const patch = new DaemonJsonPatch(
    registry.host,
    {
      ...shared,
      enrolled,
      host: registry.host,
      recordId: ids.daemonJson,
      decision:
        observation.docker?.version === undefined
          ? // Installing Docker changes what there is to see: look again once that is done.
            docker.installed.apply(() => orTell(planAnew()))
          : planInsecureRegistry(observation, settings, ids.daemonJson),
    },
    { dependsOn: [docker] },
  );
  return new RegistryContainer(
    registry.host,
    {
      ...shared,
      enrolled,
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
    },
    { dependsOn: [patch] },
  );
}
