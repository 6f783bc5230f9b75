import { OWNER_LABEL } from "../helper/commands";
import { isDockerStopped } from "../decision/registry";
import type { Observation, ObservedContainer } from "../observation/observation";
import type { Row } from "./row";

/** A container as the settings want it. */
export interface WantedContainer {
  readonly name: string;
  /** The record that owns it. */
  readonly owner: string;
  /** The port as docker publishes it, such as `0.0.0.0:5000->5000/tcp`. @default none is looked at */
  readonly port?: string;
  /** The volume with its data. @default none is looked at */
  readonly volume?: string;
  /** Whether the registry in it lets clients delete. @default it is not looked at */
  readonly deleteEnabled?: boolean;
}

/** The state of one container, from what docker says of it. */
export function containerState(
  docker: Observation["docker"],
  wanted: WantedContainer,
): Pick<Row, "state" | "details" | "appliedAt"> {
  if (docker?.version === undefined)
    return { state: "missing", details: ["docker is not installed"] };
  if (docker.containers === undefined)
    return isDockerStopped(docker)
      ? { state: "not running", details: ["docker is not running"] }
      : { state: "refused", details: ["docker does not answer on /var/run/docker.sock"] };
  const own = docker.containers.filter(({ labels }) => labels[OWNER_LABEL] === wanted.owner);
  const found = docker.containers.find(({ name }) => name === wanted.name);
  if (found === undefined)
    return own[0] === undefined
      ? { state: "missing", details: [`there is no container ${wanted.name}`] }
      : { ...createdAt(own[0]), state: "drifted", details: [`it was renamed to ${own[0].name}`] };
  if (!own.includes(found)) return { state: "missing", details: [strangerText(found)] };
  if (found.status !== "running")
    return { ...createdAt(found), state: "not running", details: [statusText(found)] };
  const differences = differencesOf(found, wanted);
  return {
    ...createdAt(found),
    state: differences.length > 0 ? "drifted" : "in sync",
    details: differences,
  };
}

function strangerText({ name, image, labels }: ObservedContainer): string {
  const owner = labels[OWNER_LABEL];
  return owner === undefined
    ? `the container ${name} was made by hand (${image})`
    : `the container ${name} is that of ${owner}`;
}

function statusText({ status, exitCode }: ObservedContainer): string {
  if (status === "exited") return `exited with code ${exitCode}`;
  return status === "restarting" ? `it keeps restarting (exit code ${exitCode})` : status;
}

function differencesOf(found: ObservedContainer, wanted: WantedContainer): string[] {
  const { ports, mounts } = found;
  const { port, volume, deleteEnabled = found.deleteEnabled } = wanted;
  const volumes = mounts.flatMap(({ name, source }) => [name ?? source]);
  return [
    ...(port === undefined || ports.includes(port)
      ? []
      : [`expected the port ${port}, found ${ports.join(", ") || "none"}`]),
    ...(volume === undefined || volumes.includes(volume)
      ? []
      : [`expected the volume ${volume}, found ${volumes.join(", ") || "none"}`]),
    ...(found.deleteEnabled === undefined || found.deleteEnabled === deleteEnabled
      ? []
      : [`expected deleteEnabled ${deleteEnabled}, found ${found.deleteEnabled}`]),
  ];
}

/** A container of this program is never changed: an `up` that changes something creates another one. */
function createdAt({ created }: ObservedContainer): Pick<Row, "appliedAt"> {
  const time = new Date(created ?? "");
  return Number.isNaN(time.getTime()) ? {} : { appliedAt: time.toISOString() };
}
