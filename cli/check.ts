import { checkNodes, isWell, reportText } from "../check";
import { command, EXIT, ExitError } from "../engine/command/exit";
import { helpText, parseFlags, UsageError } from "../engine/command/flags";
import { loadStack, STACK_FLAGS } from "./loaded-stack";
import { say } from "./output";

const ABOUT =
  "Pulls a probe image from the registry on every node, through the container runtime interface (CRI) as the kubelet does, " +
  "and reports whether each node's configuration is in sync. It needs SSH but no cluster, and changes no configuration. The " +
  "probe stays in the registry as cluster-registry/probe:1. Exit code 0: every node can pull and is in sync; 1: a node " +
  "cannot pull or is not in sync.";

/** `npm run check`: a real pull on every node. */
export function main(args: string[]): Promise<void> {
  return command(async () => {
    const { flags, rest } = parseFlags(args, STACK_FLAGS);
    if (flags["help"]) {
      const examples = ["npm run check -- --stack prod"];
      process.stdout.write(helpText("npm run check -- [FLAGS]", ABOUT, examples, STACK_FLAGS));
      return;
    }
    if (rest.length > 0) throw new UsageError(`unknown argument: ${rest.join(" ")}`);
    const { settings, access, ids, notes } = await loadStack(flags);
    notes.forEach(say);
    const { image, nodes } = await checkNodes(settings, access, ids, say);
    process.stdout.write(reportText(image, nodes));
    if (!isWell(nodes)) throw new ExitError(EXIT.error);
  });
}
