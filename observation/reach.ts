import { reach } from "../helper/commands";
import { packedHelper } from "../helper/helper-text";
import type { HostAccess } from "../settings/access";
import { withCommands } from "./hosts";

/**
 * Opens a connection to the registry from each host. So a firewall between them is found before anything is changed,
 * and not by the first pull.
 * @throws Error that names every host without a connection, and the reason
 */
export async function checkReach(
  hosts: readonly HostAccess[],
  address: string,
  port: number,
): Promise<void> {
  const answers = await Promise.all(
    hosts.map(async (access) => {
      try {
        const command = reach({ sudo: access.sudo, address, port });
        const { code, stdout, stderr } = await withCommands(access, (connection) =>
          connection.exec(command, { stdin: packedHelper() }),
        );
        return code === 0
          ? []
          : [`${access.name}: ${`${stderr.toString()}${stdout.toString()}`.trim()}`];
      } catch (error) {
        return [`${access.name}: ${(error as Error).message}`];
      }
    }),
  );
  const problems = answers.flat();
  if (problems.length > 0)
    throw new Error(
      `No node was changed, because these nodes cannot reach the registry:\n${problems.join("\n")}`,
    );
}
