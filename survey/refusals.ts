import { CONTAINER_NAME, enrolledId, OWNER_LABEL } from "../hosts";
import type { Settings } from "../settings/schema";
import type { Surveyed } from "./hosts";
import { planInsecureRegistry, planMirror } from "./plan";
import type { RecordIds } from "./records";

/**
 * Everything that stands in the way, host by host, before anything is declared: hosts that could not be looked at,
 * files that cannot be edited with certainty, a container of somebody else's. Empty: nothing does.
 */
export function refusals(
  settings: Settings,
  surveyed: ReadonlyMap<string, Surveyed>,
  ids: RecordIds,
): Problem[] {
  const found: Problem[] = [];
  for (const [name, host] of surveyed) {
    if ("error" in host) found.push({ host: name, reason: host.error.message });
    else {
      const attempt = (what: () => unknown): void => {
        try {
          what();
        } catch (error) {
          found.push({ host: name, reason: (error as Error).message });
        }
      };
      if (settings.nodes.some((node) => node.name === name)) {
        attempt(() => planMirror(host.observation, settings, ids.mirror(name)));
      }
      if (settings.registry.host === name) {
        attempt(() => planInsecureRegistry(host.observation, settings, ids.daemonJson));
        attempt(() => checkRegistryHost(host, settings, ids.container));
      }
    }
  }
  return [...found, ...sharedEnrolments(surveyed)];
}

/** What RegistryContainer would run into on this host. */
function checkRegistryHost(host: Surveyed, settings: Settings, containerId: string): void {
  if ("error" in host) return;
  const { docker } = host.observation;
  const { login } = host.access;
  if (
    login.password !== undefined ||
    (login.privateKey !== undefined && host.access.identityFile === undefined)
  ) {
    throw new Error(
      "expected a login by privateKeyPath or agent, found one by password or privateKey: @pulumi/docker runs ssh, which takes a key's path or an agent only",
    );
  }
  const installed = docker?.version !== undefined;
  if (login.user !== "root" && !(docker?.loginReachesSocket ?? false)) {
    throw new Error(
      `expected a login that reaches Docker's socket, found ${login.user}, who does not${installed ? "" : " (Docker is not installed yet)"}: ` +
        `log in as root on this host, or ${installed ? "" : "install docker.io and "}run 'usermod -aG docker ${login.user}' there`,
    );
  }
  const container = docker?.container;
  if (
    container === undefined ||
    container.labels[OWNER_LABEL] === containerId ||
    settings.registry.adopt
  )
    return;
  const owner = container.labels[OWNER_LABEL];
  const ports = container.ports.length === 0 ? "no ports" : container.ports.join(", ");
  throw new Error(
    owner === undefined
      ? `expected no container named ${CONTAINER_NAME}, found one that was made by hand (${container.image}, ${ports}): ` +
          "set registry.adopt: true to take it over with its images, or remove it"
      : `expected no container named ${CONTAINER_NAME}, found that of ${owner} (${ports}): one registry host serves one stack`,
  );
}

/** What stands in the way on one host. */
export interface Problem {
  readonly host: string;
  readonly reason: string;
}

/** Two names for one host would patch it twice, and each would undo the other. */
function sharedEnrolments(surveyed: ReadonlyMap<string, Surveyed>): Problem[] {
  const byId = new Map<string, string>();
  const found: Problem[] = [];
  for (const [name, host] of surveyed) {
    if ("error" in host) continue;
    const id = enrolledId(host.observation);
    const other = byId.get(id);
    if (other === undefined) byId.set(id, name);
    else {
      const reason = `expected a host of its own, found the same one as ${other} (enrolment ${id}): take one of them out of the configuration`;
      found.push({ host: name, reason });
    }
  }
  return found;
}
