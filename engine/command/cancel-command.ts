/** `npm run cancel`: removes the locks that a process left on a stack when it ended. */
import { command } from "./exit";
import { perform, print, type Subcommand } from "./subcommands";

const CANCEL: Subcommand = {
  usage: "[NAME]",
  about:
    "Deletes the locks of a stack whose operation was killed. Make sure that the operation no longer runs: two operations " +
    "at once overwrite each other's state. The command deletes the locks of both engines.",
  examples: ["npm run cancel -- --stack prod"],
  flags: { yes: { kind: "switch", short: "y", help: "Skip the confirmation prompt" } },
  args: { min: 0, max: 1 },
  namesStack: true,
  async run(workspace) {
    const name = await workspace.stackName();
    const count = await workspace.backend.breakLocks(workspace.project.name, name);
    // A stack can have a lock before its first state. Without a lock and a state, the stack does not exist.
    if (count === 0) await workspace.read();
    print(
      count === 0
        ? `Stack '${name}' is not locked.`
        : `Deleted the lock of '${name}' (${count} in all).`,
    );
  },
};

export const cancelCommand = (args: string[]): Promise<void> =>
  command(() => perform(["cancel"], CANCEL, args));
