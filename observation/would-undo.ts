import { wouldUndoCommand } from "../helper/commands";
import { packedHelper } from "../helper/helper-text";
import type { CommandRunner } from "../ssh/connection";
import { HostRefusal } from "./refusal";

/**
 * A preview of the undo of a record on the host: a unified diff of each file, with credentials masked, and the effect
 * on the daemon. Changes nothing there.
 *
 * @throws HostRefusal with the host's own message. @throws SshError if the connection fails.
 */
export async function wouldUndo(
  connection: CommandRunner,
  what: { sudo: boolean; id: string },
): Promise<string> {
  const { code, stdout, stderr } = await connection.exec(wouldUndoCommand(what), {
    stdin: packedHelper(),
  });
  if (code !== 0) throw new HostRefusal(`${stderr.toString()}${stdout.toString()}`.trim());
  return stdout.toString().trimEnd();
}
