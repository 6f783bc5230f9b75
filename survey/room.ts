import { containerLeftover, helperText, observe } from "../hosts";
import type { HostAccess } from "../settings/access";
import type { Settings } from "../settings/schema";
import { askFor } from "./ask";
import { withConnection } from "./hosts";
import type { PastRegistry } from "./past";
import type { RecordIds } from "./records";
import { leftovers, type Leftover } from "./registry";

/**
 * What stands where the registry's container is to be made, and is this stack's though its state does not know it: left by a
 * run that was cut off, or made by another operator, from a state of their own.
 *
 * @param state  the id of our state
 * @throws Error where it is another operator's
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

/** Looks once more, now that docker runs, and removes what a run that was cut off has left. Its volumes stay. */
export async function makeRoom(
  settings: Settings,
  access: HostAccess,
  ids: RecordIds,
  before: PastRegistry | undefined,
  state: string,
): Promise<void> {
  await withConnection(access, async (connection) => {
    const { docker } = await observe(connection, askFor(settings, access));
    if (docker?.containers === undefined)
      throw new Error(
        `${access.name}: cannot list docker's containers, because docker does not answer: see \`systemctl status docker\` there`,
      );
    for (const { container } of ownLeftovers(leftovers(docker.containers, ids, before), state)) {
      const command = containerLeftover({
        sudo: access.sudo,
        id: ids.container,
        container: container.id,
      });
      const { code, stdout, stderr } = await connection.exec(command, { stdin: helperText() });
      if (code !== 0)
        throw new Error(`${access.name}: ${`${stderr.toString()}${stdout.toString()}`.trim()}`);
    }
  });
}
