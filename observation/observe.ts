import { observeCommand } from "../helper/commands";
import { observeText } from "../helper/helper-text";
import type { CommandRunner } from "../ssh/connection";
import type { Ask, Observation } from "./observation";
import { readObservation } from "./read-observation";
import { HostRefusal } from "./refusal";

/**
 * Observes a host with one read-only command over the connection, which leaves nothing behind.
 *
 * @throws HostRefusal if sudo is not permitted, or the answer is damaged. @throws SshError if the connection fails.
 */
export async function observe(connection: CommandRunner, ask: Ask): Promise<Observation> {
  const result = await connection.exec(observeCommand(ask.sudo), { stdin: observeInput(ask) });
  return readObservation(result, connection.login.user);
}

/** The program for an observation, with its inputs. */
export function observeInput(ask: Ask): string {
  return observeText([
    ...ask.files.map((path) => `file ${plainPath(path)}`),
    ...(ask.containerd ? ["containerd"] : []),
    ...(ask.docker && ask.container !== undefined
      ? [
          // Helpers of an earlier version look for the last one only.
          ...[...(ask.container.beside ?? []), ask.container.name].map(
            (name) => `container ${name}`,
          ),
          `volume ${ask.container.volume}`,
        ]
      : []),
    ...(ask.docker ? ["docker"] : []),
    ...(ask.timer === undefined ? [] : [`timer ${ask.timer}`]),
  ]);
}

function plainPath(path: string): string {
  if (!path.startsWith("/") || /[\x00-\x1f]/.test(path)) {
    throw new HostRefusal(`expected an absolute path of a file; found ${JSON.stringify(path)}`);
  }
  return path;
}
