/**
 * The command provider: the part of pulumi-command 1.2.1 that this program uses, with its outputs, ids and secret
 * marks. Unlike it, all commands of a login share one connection, until the end. A dead link is detected,
 * a refused login is not repeated, steps can be cancelled, output has no limit, and errors never show a script.
 */
import { ConnectionPool } from "../../../ssh/pool";
import type { ProviderInstance, ProviderPlugin } from "../provider";
import { diffInputs } from "./lifecycle";
import type { CommandResource } from "./lifecycle";
import { localCommand } from "./local-command";
import { remoteCommand } from "./remote-command";

/** The framework of the real provider; the provider's state records it. */
const FRAMEWORK = { "__pulumi-go-provider-version": "v1.5.0" };

export const commandPlugin = {
  name: "command",
  version: "1.2.1",
  types: ["command:remote:Command", "command:local:Command"],
  typesHere: ["command:local:Command"],
  checkConfig: (news) => Promise.resolve({ inputs: { ...news, ...FRAMEWORK }, failures: [] }),
  // The provider has no settings: only its version or its framework's version can differ.
  diffConfig: () => Promise.resolve({ changes: "some", replaces: [] }),
  configure: (_inputs, folder = process.cwd(), connections?: ConnectionPool) =>
    Promise.resolve(instance(folder, connections)),
} satisfies ProviderPlugin;

function instance(folder: string, given?: ConnectionPool): ProviderInstance {
  const pool = given ?? new ConnectionPool();
  const resources: Record<string, CommandResource> = {
    "command:remote:Command": remoteCommand(pool),
    "command:local:Command": localCommand(folder),
  };
  const resource = (type: string): CommandResource => {
    const found = resources[type];
    if (found === undefined) throw new Error(`the command provider has no type ${type}`);
    return found;
  };
  return {
    check: (type, _urn, _olds, news) => Promise.resolve(resource(type).check(news)),
    diff: (_type, _urn, _id, oldInputs, _oldOutputs, news) =>
      Promise.resolve(diffInputs(oldInputs, news)),
    create: (type, inputs, ctx) => resource(type).create(inputs, ctx),
    update: (type, _id, _oldInputs, oldOutputs, news, ctx) =>
      resource(type).update(oldOutputs, news, ctx),
    // A command leaves nothing on a host to read: it ran, or it did not.
    read: (_type, id, inputs, outputs) =>
      Promise.resolve({ id, inputs: inputs ?? {}, outputs: outputs ?? {} }),
    delete: (type, _id, _inputs, outputs, ctx) => resource(type).delete(outputs, ctx),
    close: () => (given === undefined ? pool.close() : Promise.resolve()),
  };
}
