import {
  containerdConfig,
  daemonFlags,
  type Decision,
  decide,
  fileBytes,
  hostsTomlFiles,
  type Observation,
  parsePayload,
  proxyEnvironment,
} from "../hosts";
import { mixesWays, planContainerd, planDaemonJson } from "../patch";
import { durationSeconds, hostPort } from "../settings/formats";
import type { Settings } from "../settings/schema";

/** containerd's configuration, as its units and packages have it. */
export const CONTAINERD_CONFIG = "/etc/containerd/config.toml";
/** dockerd's configuration. */
export const DAEMON_JSON = "/etc/docker/daemon.json";

/** `ADDRESS:PORT` of the registry: what stands in front of an image's name. */
export function imagePrefix({ registry }: Settings): string {
  return hostPort(registry.address, registry.port);
}

/**
 * What containerd on this host needs to pull from the registry.
 * @throws Refusal where its configuration cannot be edited with certainty
 */
export function planMirror(observation: Observation, settings: Settings, id: string): Decision {
  const { containerd } = observation;
  if (containerd?.version === undefined) {
    throw new Error(
      "expected containerd, found none; install it first (it is what the node's pods run on), or take the host out of nodes",
    );
  }
  const { mirrors, registry } = settings;
  const prefix = imagePrefix(settings);
  const endpoints = [`http://${prefix}`];
  const path = containerdConfig(observation);
  const input = {
    configPath: path,
    bytes: fileBytes(observation, path),
    daemonVersion: containerd.version,
    ...(containerd.dump !== undefined && { dump: containerd.dump }),
    certsD: hostsTomlFiles(observation),
    certificates: containerd.certificates ?? [],
    environment: proxyEnvironment(containerd.service),
    registry: { address: prefix, endpoints },
    mirrors,
  };
  // Said of all nodes, it is for those that mix both ways; one that has been moved no longer does.
  const migrate = settings.migrate && (hasMigrated(observation, id) || mixesWays(input));
  const plan = planContainerd({ ...input, migrate });
  return decide({
    observation,
    id,
    daemon: "containerd",
    plan,
    spec: { registry: prefix, endpoints, mirrors, migrate },
    claims: [prefix],
    health: { ...patience(settings), reach: { address: registry.address, port: registry.port } },
  });
}

/** Did the last apply move the node's mirrors to hosts.toml files? */
function hasMigrated({ records }: Observation, id: string): boolean {
  const payload = records.find((record) => record.id === id)?.payload;
  if (payload === undefined) return false;
  const spec = JSON.parse(parsePayload(payload).spec) as { migrate?: unknown };
  return spec.migrate === true;
}

/**
 * What dockerd on this host needs to push to the registry.
 * @throws Refusal where daemon.json cannot be edited with certainty
 */
export function planInsecureRegistry(
  observation: Observation,
  settings: Settings,
  id: string,
): Decision {
  const { docker } = observation;
  const prefix = imagePrefix(settings);
  const plan = planDaemonJson({
    path: DAEMON_JSON,
    bytes: fileBytes(observation, DAEMON_JSON),
    registry: prefix,
    ...(docker !== undefined && {
      flags: daemonFlags(docker.service),
      environment: proxyEnvironment(docker.service),
    }),
    ...(docker?.version !== undefined && { dockerVersion: docker.version }),
  });
  return decide({
    observation,
    id,
    daemon: "docker",
    plan,
    spec: { insecureRegistries: [prefix] },
    claims: [prefix],
    health: { ...patience(settings), insecureRegistries: [prefix] },
  });
}

/** How long the host gives a change, in whole seconds. */
function patience({ health }: Settings) {
  return {
    waitSeconds: Math.ceil(durationSeconds(health.wait) ?? 60),
    watchdogSeconds: Math.ceil(durationSeconds(health.watchdog) ?? 180),
  };
}
