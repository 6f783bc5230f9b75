/**
 * The docker provider: the part of pulumi-docker 5.2.0 that this program uses, with its inputs, outputs, ids and state,
 * built on dockerode. It reaches the daemon's socket over one SSH connection, and needs neither an ssh nor a docker
 * command.
 */
import type { ConnectionPool } from "../../../ssh/pool";
import { surroundings } from "../../../ssh/surroundings";
import { UNKNOWN } from "../provider";
import type {
  CheckFailure,
  CheckResult,
  Props,
  ProviderInstance,
  ProviderPlugin,
} from "../provider";
import { BridgedResource } from "./bridged";
import type { ResourceType } from "./bridged";
import { container } from "./container";
import { Daemon, type DaemonSettings } from "./daemon";
import { ImageResource, IMAGE_TYPE } from "./image";
import { remoteImage } from "./remote-image";
import { volume } from "./volume";

const TYPES: Record<string, ResourceType> = {
  "docker:index/container:Container": container,
  "docker:index/remoteImage:RemoteImage": remoteImage,
  "docker:index/volume:Volume": volume,
};

export const dockerPlugin = {
  name: "docker",
  version: "5.2.0",
  types: [...Object.keys(TYPES), IMAGE_TYPE],
  checkConfig: (news) => Promise.resolve(checkConfig(news)),
  // Another address of the same daemon is not another daemon: its resources stay.
  diffConfig: () => Promise.resolve({ changes: "some", replaces: [] }),
  configure: (inputs, folder = process.cwd(), connections?: ConnectionPool) => {
    const daemon = new Daemon(settings(inputs), surroundings(folder), connections);
    return Promise.resolve(instance(daemon, folder));
  },
} satisfies ProviderPlugin;

function instance(daemon: Daemon, folder: string): ProviderInstance {
  const image = new ImageResource(daemon, folder);
  const resource = (type: string): BridgedResource | ImageResource => {
    if (type === IMAGE_TYPE) return image;
    const found = TYPES[type];
    if (found === undefined) throw new Error(`the docker provider has no type ${type}`);
    return new BridgedResource(found, daemon);
  };
  return {
    check: (type, _urn, _olds, news) => Promise.resolve(resource(type).check(news)),
    diff: (type, _urn, _id, oldInputs, oldOutputs, news) =>
      Promise.resolve(resource(type).diff(oldInputs, oldOutputs, news)),
    create: (type, inputs, ctx) => resource(type).create(inputs, ctx),
    update: (type, id, _oldInputs, oldOutputs, news, ctx) =>
      resource(type).update(id, oldOutputs, news, ctx),
    read: (type, id, inputs, outputs, ctx) => resource(type).read(id, inputs, outputs, ctx),
    delete: (type, id, _inputs, outputs, ctx) => resource(type).delete(id, outputs, ctx),
    close: () => daemon.close(),
  };
}

/** Refuses settings of the connection that this provider does not support. */
function checkConfig(inputs: Props): CheckResult {
  const failures: CheckFailure[] = [];
  for (const [property, value] of Object.entries(inputs)) {
    const known = ["host", "sshOpts", "version"].includes(property) || property.startsWith("__");
    if (known || value === null || ["", "null", "[]"].includes(value as string)) continue;
    const reason = "it is not supported by the embedded engine, which has host and sshOpts";
    failures.push({ property, reason });
  }
  const { host, sshOpts } = inputs;
  if (host !== UNKNOWN && !/^ssh:\/\/./.test(typeof host === "string" ? host : "")) {
    const found = typeof host === "string" ? JSON.stringify(host) : "none";
    const reason = `expected ssh://USER@HOST:PORT, which is all that the embedded engine dials; found ${found}`;
    failures.push({ property: "host", reason });
  }
  if (sshOpts !== UNKNOWN && !isList(parsed(sshOpts)))
    failures.push({ property: "sshOpts", reason: "expected a list of strings" });
  return { inputs, failures };
}

function settings({ host, sshOpts }: Props): DaemonSettings {
  return { host: host as string, sshOpts: parsed(sshOpts) as string[] };
}

/** The SDK sends lists as JSON strings. */
function parsed(value: unknown = []): unknown {
  try {
    return typeof value === "string" ? JSON.parse(value) : value;
  } catch {
    return undefined;
  }
}

const isList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");
