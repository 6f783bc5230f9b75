import type { Connection } from "../ssh/connection";
import { wouldUndoCommand } from "./commands";
import { helperText } from "./helper-text";
import { HostRefusal } from "./refusal";

/**
 * What the undo of a record would do on the host: a unified diff of each file, credentials masked, and what becomes of the
 * daemon. Nothing is changed there.
 *
 * @throws HostRefusal in the host's own words. @throws SshError for the connection's faults.
 */
export async function wouldUndo(
  connection: Connection,
  what: { sudo: boolean; id: string },
): Promise<string> {
  const { code, stdout, stderr } = await connection.exec(wouldUndoCommand(what), {
    stdin: helperText(),
  });
  if (code !== 0) throw new HostRefusal(`${stderr.toString()}${stdout.toString()}`.trim());
  return stdout.toString().trimEnd();
}
