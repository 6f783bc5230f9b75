import { leftovers, type Leftover } from "../decision/registry";
import { containerLeftover } from "../helper/commands";
import { packedHelper } from "../helper/helper-text";
import { askFor } from "../observation/ask";
import { withCommands } from "../observation/hosts";
import { observe } from "../observation/observe";
import type { PastRegistry } from "../observation/past";
import type { HostAccess } from "../settings/access";
import type { Settings } from "../settings/schema";

/**
 * Containers of this stack that its state does not know, at the place of the registry's container. An interrupted run
 * left them, or another operator created them from a separate state.
 *
 * @param state  the id of our state
 * @throws Error if another operator created one
 */
export function ownLeftovers(found: readonly Leftover[], state: string): Leftover[] {
  const foreign = found.find((one) => one.state !== undefined && one.state !== state);
  if (foreign === undefined) return [...found];
  const { name, id } = foreign.container;
  throw new Error(
    `the container ${name} (${id.slice(0, 12)}) belongs to this stack but was created from another state: ` +
      "another operator manages the same stack with a separate state. Share one backend, or destroy the other stack, then run again",
  );
}

/** Observes again now that docker runs, and removes the containers of an interrupted run. Their volumes stay. */
export async function makeRoom(
  settings: Settings,
  access: HostAccess,
  owner: string,
  before: PastRegistry | undefined,
  state: string,
): Promise<void> {
  await withCommands(access, async (connection) => {
    const { docker } = await observe(connection, askFor(settings, access));
    if (docker?.containers === undefined)
      throw new Error(
        `${access.name}: cannot list docker's containers, because docker does not answer: see \`systemctl status docker\` there`,
      );
    for (const { container } of ownLeftovers(leftovers(docker.containers, owner, before), state)) {
      const command = containerLeftover({
        sudo: access.sudo,
        id: owner,
        container: container.id,
      });
      const { code, stdout, stderr } = await connection.exec(command, { stdin: packedHelper() });
      if (code !== 0)
        throw new Error(`${access.name}: ${`${stderr.toString()}${stdout.toString()}`.trim()}`);
    }
  });
}
