/** `npm run cancel`: takes away the locks that an ended process left on a stack. */
import { Workspace } from "../stack";
import { command } from "./exit";
import { helpText, parseFlags, UsageError, type FlagSpec } from "./flags";
import { print } from "./subcommands";

const FLAGS: Record<string, FlagSpec> = {
  stack: {
    kind: "value",
    short: "s",
    help: "The name of the stack to operate on; else the selected one",
  },
  yes: { kind: "switch", short: "y", help: "Without asking" },
  cwd: { kind: "value", short: "C", help: "The folder of the project" },
  help: { kind: "switch", short: "h", help: "This text" },
};
const ABOUT =
  "Deletes the lock of a stack whose operation was killed. Make sure that it no longer runs: two operations at once " +
  "overwrite each other's state. Both engines' locks are deleted.";

export function cancelCommand(args: string[]): Promise<void> {
  return command(async () => {
    const { flags, rest } = parseFlags(args, FLAGS);
    if (flags["help"]) {
      process.stdout.write(
        helpText("npm run cancel -- [FLAGS]", ABOUT, ["npm run cancel -- --stack prod"], FLAGS),
      );
      return;
    }
    const stack = (flags["stack"] as string | undefined) ?? rest[0];
    if (rest.length > 1) throw new UsageError(`accepts 0 to 1 arg(s), received ${rest.length}`);
    const workspace = Workspace.open({
      folder: (flags["cwd"] as string | undefined) ?? process.cwd(),
      stack,
    });
    const name = await workspace.stackName();
    const count = await workspace.backend.breakLocks(workspace.project.name, name);
    print(
      count === 0
        ? `Stack '${name}' is not locked.`
        : `The lock of '${name}' is deleted (${count} in all).`,
    );
  });
}
