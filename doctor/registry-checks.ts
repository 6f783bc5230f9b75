import { CONTAINER_NAME } from "../helper/commands";
import type { Observation } from "../observation/observation";
import type { HostAccess } from "../settings/access";
import type { Settings } from "../settings/schema";
import type { Cause, Check } from "./cause";
import type { Commands } from "./commands";
import { refusing } from "./firewall";
import { isRegistry, type Look, statusLine, statusOf } from "./look";

/** What is known of the registry and its host. */
export interface RegistryFacts {
  readonly access: HostAccess;
  readonly observation: Observation;
  readonly look: Look;
  readonly settings: Settings;
  /** `ADDRESS:PORT` of the registry. */
  readonly prefix: string;
  readonly commands: Commands;
}

/** What has to be well on the registry's host. */
export const REGISTRY: readonly Check<RegistryFacts>[] = [
  {
    passed: ({ observation }) => `docker ${observation.docker?.version} runs`,
    find: dockerStopped,
  },
  { passed: () => `the container ${CONTAINER_NAME} runs`, find: containerStopped },
  { passed: ({ look }) => `it listens on ${listeners(look)}`, find: otherAddress },
  { passed: ({ look }) => `${look.disk?.mount ?? "its disk"} has room`, find: full },
  {
    passed: ({ look, prefix }) => `http://${prefix}/v2/ answers there: ${statusLine(look)}`,
    find: unwell,
  },
];

function dockerStopped({ observation, commands }: RegistryFacts): Cause | undefined {
  const { docker } = observation;
  if (docker?.version === undefined)
    return {
      cause: "docker is not installed on the registry's host",
      evidence: ["`docker --version` was not found"],
      fix: commands.npm("up"),
    };
  const { active, sub } = docker.service;
  if (active === "active" || active === "reloading") return undefined;
  return {
    cause: "docker is stopped, and with it the registry",
    evidence: [`docker.service: ${active} (${sub})`],
    fix: commands.npm("up"),
  };
}

function containerStopped({ look, access, commands, settings }: RegistryFacts): Cause | undefined {
  const { container, log } = look;
  if (container === undefined)
    return {
      cause: `the registry's container is gone; its images are still in the volume ${settings.registry.volume}`,
      evidence: [`docker inspect ${CONTAINER_NAME}: no such container`],
      fix: commands.npm("up"),
    };
  const { Status, ExitCode, FinishedAt, Error: error } = container.State;
  if (Status === "running") return undefined;
  const said = error ? [error] : [];
  if (Status === "paused")
    return {
      cause: "the registry's container is paused",
      evidence: [`docker inspect ${CONTAINER_NAME}: ${Status}`],
      fix: commands.on(access, `docker unpause ${CONTAINER_NAME}`),
    };
  if (Status === "restarting")
    return {
      cause: "the registry's container ends again and again",
      evidence: [`docker inspect ${CONTAINER_NAME}: exit code ${ExitCode}`, ...said, ...log],
      fix: commands.on(access, `docker logs --tail 20 ${CONTAINER_NAME}`),
    };
  return {
    cause: "the registry's container is stopped",
    evidence: [
      `docker inspect ${CONTAINER_NAME}: ${Status} with code ${ExitCode} at ${FinishedAt ?? "an unknown time"}`,
      ...said,
    ],
    fix: commands.npm("up"),
  };
}

/** Whether the firewall refuses the registry's own host. */
const isClosed = ({ rules, numbers: [own = ""] }: Look) => refusing(rules, own).length > 0;

const listeners = ({ listens }: Look) => listens.join(", ") || "no address";

/** The port of the address is closed, although the container runs. */
function otherAddress({
  look,
  prefix,
  settings,
  commands,
  observation,
}: RegistryFacts): Cause | undefined {
  if (look.refused === undefined || isClosed(look)) return undefined;
  const { bind } = settings.registry;
  const ports =
    observation.docker?.containers?.find(({ name }) => name === CONTAINER_NAME)?.ports ?? [];
  const evidence = [
    `${prefix}: ${look.refused}`,
    `the container has ${ports.join(", ") || "no ports"}`,
    `ss -ltn: ${listeners(look)}`,
  ];
  if (bind !== "0.0.0.0" && bind !== "::" && bind !== settings.registry.address)
    return {
      cause: `the registry listens on ${bind} alone (registry.bind), and nodes ask ${settings.registry.address}`,
      evidence,
      fix: `${commands.npm("config", "set", "--path", "registry.bind", "0.0.0.0")} && ${commands.npm("up")}`,
    };
  return {
    cause: `the registry's container runs, but nothing answers at ${prefix} on its own host`,
    evidence,
    fix: commands.npm("up"),
  };
}

/** With less than this, a push of a small image fails, in KiB. */
const LITTLE = 1024;

function full({ look: { disk, inodes }, commands }: RegistryFacts): Cause | undefined {
  const isFull = disk !== undefined && disk.free < LITTLE;
  const hasNoInodes = inodes !== undefined && inodes.free === 0;
  if (!isFull && !hasNoInodes) return undefined;
  const { mount } = (isFull ? disk : inodes)!;
  return {
    cause: `the registry's disk is full (${mount}), so pushes fail`,
    evidence: [
      isFull
        ? `df ${mount}: ${disk.free} KiB free of ${disk.size} KiB`
        : `df -i ${mount}: no inode free of ${inodes?.size}`,
    ],
    fix: commands.npm("gc"),
  };
}

function unwell({ look, prefix, access, commands }: RegistryFacts): Cause | undefined {
  if (isClosed(look) && look.refused !== undefined) return undefined;
  const status = statusOf(look);
  if (isRegistry(look) && status < 500) return undefined;
  const evidence = [`http://${prefix}/v2/: ${statusLine(look)}`, ...look.log];
  if (status >= 500 || status === 429)
    return {
      cause:
        "the registry answers with an error of its own, as with a storage that fails its health check",
      evidence,
      fix: commands.on(access, `docker restart ${CONTAINER_NAME}`),
    };
  return {
    cause: `what answers at ${prefix} is no registry`,
    evidence,
    fix: commands.npm("up"),
  };
}
