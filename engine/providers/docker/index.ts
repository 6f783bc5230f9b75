/**
 * The docker provider: the types, inputs, outputs, ids and state of pulumi-docker 5.2.0, on dockerode. A daemon at
 * ssh:// is reached over one SSH connection, through its socket: no ssh command and no docker command are needed.
 */
import type { ProviderInstance, ProviderPlugin } from "../provider";
import { BridgedResource } from "./bridged";
import type { ResourceType } from "./bridged";
import { container } from "./container";
import { Daemon } from "./daemon";
import { network } from "./network";
import { checkProviderConfig, daemonSettings } from "./provider-config";
import { remoteImage } from "./remote-image";
import { ownSurroundings } from "./ssh-login";
import { volume } from "./volume";

const TYPES: Record<string, ResourceType> = {
  "docker:index/container:Container": container,
  "docker:index/network:Network": network,
  "docker:index/remoteImage:RemoteImage": remoteImage,
  "docker:index/volume:Volume": volume,
};

export const dockerPlugin = {
  name: "docker",
  version: "5.2.0",
  types: Object.keys(TYPES),
  checkConfig: (news) => Promise.resolve(checkProviderConfig(news)),
  // Another address of the same daemon is no other daemon: what it has stays.
  diffConfig: () => Promise.resolve({ changes: "some", replaces: [] }),
  configure: (inputs, folder = process.cwd()) =>
    Promise.resolve(instance(new Daemon(daemonSettings(inputs), ownSurroundings(folder)))),
} satisfies ProviderPlugin;

function instance(daemon: Daemon): ProviderInstance {
  const resource = (type: string): BridgedResource => {
    const found = TYPES[type];
    if (found === undefined) throw new Error(`the docker provider has no type ${type}`);
    return new BridgedResource(found, () => daemon);
  };
  return {
    check: (type, urn, olds, news) => Promise.resolve(resource(type).check(urn, olds, news)),
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
