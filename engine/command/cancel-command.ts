/** `npm run cancel`: takes away the locks that an ended process left on a stack. */
import { embeddedOrPulumi, EVERYWHERE } from "./choose";
import { command } from "./exit";
import { helpText, parseFlags, UsageError, type FlagSpec } from "./flags";
import { refuseWhatNpmTook } from "./npm-flags";
import { print } from "./subcommands";

const FLAGS: Record<string, FlagSpec> = {
  yes: { kind: "switch", short: "y", help: "Skip the confirmation prompt" },
  ...EVERYWHERE,
};
const ABOUT =
  "Deletes the locks of a stack whose operation was killed. Make sure that the operation no longer runs: two operations " +
  "at once overwrite each other's state. The command deletes the locks of both engines.";

export function cancelCommand(args: string[]): Promise<void> {
  return command(async () => {
    const { flags, rest } = parseFlags(args, FLAGS);
    if (flags["help"]) {
      process.stdout.write(
        helpText("npm run cancel -- [FLAGS]", ABOUT, ["npm run cancel -- --stack prod"], FLAGS),
      );
      return;
    }
    refuseWhatNpmTook("cancel", { flags, rest }, FLAGS);
    if (rest.length > 1) throw new UsageError(`accepts at most 1 arg(s), received ${rest.length}`);
    const stack = flags["stack"] ?? rest[0];
    const workspace = await embeddedOrPulumi({ ...flags, stack }, ["cancel", ...args]);
    if (!workspace) return;
    const name = await workspace.stackName();
    const count = await workspace.backend.breakLocks(workspace.project.name, name);
    // A lock may be there before the first state; without either there is no such stack.
    if (count === 0) await workspace.read();
    print(
      count === 0
        ? `Stack '${name}' is not locked.`
        : `Deleted the lock of '${name}' (${count} in all).`,
    );
  });
}
