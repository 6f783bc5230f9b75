import { DAEMON_JSON } from "../observation/ask";
import { fileBytes, type Observation } from "../observation/observation";
import * as patch from "../patch";
import { dockerMirrors, mirrorsOf } from "../settings/caches";
import { durationSeconds, hostPort } from "../settings/formats";
import type { Settings } from "../settings/schema";
import { decide, type Decision, type Health } from "./decide";
import { baselineTexts, type Texts, type Want } from "./owned-files";
import { containerdConfig, daemonFlags, proxyEnvironment } from "./sourced-lines";
import { remembered } from "./remembered";
import {
  type InsecureSpec,
  type MirrorSpec,
  uniteDockerMirrors,
  uniteInsecure,
  uniteMirrors,
} from "./wants";

const planContainerd = remembered(patch.planContainerd);
const mixesWays = remembered(patch.mixesWays);

/** `ADDRESS:PORT` of the registry, which is the beginning of its image names. */
export function imagePrefix({ registry }: Settings): string {
  return hostPort(registry.address, registry.port);
}

/**
 * Plans the changes that containerd on this host needs to pull from the registry.
 * @throws Refusal if its configuration cannot be edited with certainty
 */
export function planMirror(observation: Observation, settings: Settings, id: string): Decision {
  const { migrate, recreateDeleted, registry } = settings;
  const prefix = imagePrefix(settings);
  const mirrors = mirrorsOf(settings);
  const spec = { registry: prefix, endpoints: [`http://${prefix}`], mirrors, migrate };
  const reach = { address: registry.address, port: registry.port };
  return decideMirror(observation, id, spec, { ...patience(settings), reach }, recreateDeleted);
}

/** The same plan, from one stack's wants. */
export function decideMirror(
  observation: Observation,
  id: string,
  spec: MirrorSpec,
  health: Health,
  recreateDeleted = false,
): Decision {
  const { containerd } = observation;
  const daemonVersion = containerd?.version;
  if (containerd === undefined || daemonVersion === undefined) {
    throw new Error("containerd is not installed: install it first, or remove the host from nodes");
  }
  const path = containerdConfig(observation);
  const live = fileBytes(observation, path);
  const inputOf = (wants: readonly Want[], texts: Texts) => ({
    configPath: path,
    bytes: texts.get(path),
    daemonVersion,
    ...(containerd.dump !== undefined && { dump: containerd.dump }),
    ...(live !== undefined && { dumped: live }),
    certsD: hostsTomls(texts),
    certificates: containerd.certificates ?? [],
    environment: proxyEnvironment(containerd.service),
    ...uniteMirrors(wants),
  });
  // A setting for all nodes applies to those that mix both ways. The files without the lines of this program show
  // which.
  const moves = (wants: readonly Want[], texts: Texts) => {
    const input = inputOf(wants, texts);
    return input.migrate && mixesWays(input);
  };
  const migrate = moves([{ id, spec }], baselineTexts(observation, "containerd"));
  return decide({
    observation,
    id,
    daemon: "containerd",
    plan: (wants, texts) =>
      planContainerd({ ...inputOf(wants, texts), migrate: moves(wants, texts) }),
    spec: { ...spec, migrate },
    claims: [spec.registry],
    health,
    recreateDeleted,
  });
}

function hostsTomls(texts: Texts): Map<string, Buffer> {
  return new Map(
    [...texts].flatMap(([path, bytes]): [string, Buffer][] =>
      bytes !== undefined && path.endsWith("/hosts.toml") ? [[path, bytes]] : [],
    ),
  );
}

/**
 * Plans the changes that dockerd on this host needs to push to the registry, and to pull through a cache of Docker Hub.
 * @throws Refusal if daemon.json cannot be edited with certainty
 */
export function planInsecureRegistry(
  observation: Observation,
  settings: Settings,
  id: string,
): Decision {
  const registryMirrors = dockerMirrors(settings);
  const spec = {
    insecureRegistries: [imagePrefix(settings)],
    ...(registryMirrors.length > 0 && { registryMirrors }),
  };
  const { recreateDeleted } = settings;
  return decideInsecureRegistry(observation, id, spec, patience(settings), recreateDeleted);
}

/** The same plan, from one stack's wants. */
export function decideInsecureRegistry(
  observation: Observation,
  id: string,
  spec: InsecureSpec,
  health: Health,
  recreateDeleted = false,
): Decision {
  const { docker } = observation;
  const registryMirrors = [...(spec.registryMirrors ?? [])];
  return decide({
    observation,
    id,
    daemon: "docker",
    plan: (wants, texts) =>
      patch.planDaemonJson({
        path: DAEMON_JSON,
        bytes: texts.get(DAEMON_JSON),
        registry: uniteInsecure(wants),
        mirrors: uniteDockerMirrors(wants),
        ...(docker !== undefined && {
          flags: daemonFlags(docker.service),
          environment: proxyEnvironment(docker.service),
        }),
        ...(docker?.version !== undefined && { dockerVersion: docker.version }),
      }),
    spec,
    claims: [...spec.insecureRegistries, ...registryMirrors],
    health: { ...health, insecureRegistries: [...spec.insecureRegistries], registryMirrors },
    recreateDeleted,
  });
}

/** How long a change may take on the host, in whole seconds. */
export function patience({ health }: Settings) {
  return {
    waitSeconds: Math.ceil(durationSeconds(health.wait) ?? 60),
    watchdogSeconds: Math.ceil(durationSeconds(health.watchdog) ?? 180),
  };
}
