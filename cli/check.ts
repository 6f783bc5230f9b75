import { resolve } from "node:path";
import { checkNodes, isWell, reportText } from "../check";
import { command, EXIT, ExitError } from "../engine/command/exit";
import { type FlagSpec, helpText, parseFlags, UsageError } from "../engine/command/flags";
import { Workspace } from "../engine/stack";
import { resolveSettings } from "../observation/cluster-nodes";
import { recordIds } from "../observation/records";
import { accessOf } from "../settings/access";
import { configValues } from "../settings/config";
import { surroundings } from "../ssh/surroundings";

const FLAGS: Record<string, FlagSpec> = {
  stack: {
    kind: "value",
    short: "s",
    help: "The name of the stack to check. Defaults to the selected stack",
  },
  cwd: { kind: "value", short: "C", help: "Run as if started in this directory" },
  help: { kind: "switch", short: "h", help: "Print this text" },
};

const ABOUT =
  "Pulls a probe image from the registry on every node, through the container runtime interface (CRI) as the kubelet does, " +
  "and reports whether each node's configuration is in sync. It needs SSH but no cluster, and changes no configuration. The " +
  "probe stays in the registry as cluster-registry/probe:1. Exit code 0: every node can pull and is in sync; 1: a node " +
  "cannot pull or is not in sync.";

/** `npm run check`: a real pull on every node. */
export function main(args: string[]): Promise<void> {
  return command(async () => {
    const { flags, rest } = parseFlags(args, FLAGS);
    if (flags["help"]) {
      const examples = ["npm run check -- --stack prod"];
      process.stdout.write(helpText("npm run check -- [FLAGS]", ABOUT, examples, FLAGS));
      return;
    }
    if (rest.length > 0) throw new UsageError(`unknown argument: ${rest.join(" ")}`);
    const folder = resolve(text(flags["cwd"]) ?? ".");
    const stack = await Workspace.open({ folder, stack: text(flags["stack"]) }).load();
    const { project } = stack;
    const all = Object.fromEntries([...stack.config()].map(([key, value]) => [key, value.text]));
    const around = surroundings(project.program.folder);
    const { settings, notes } = await resolveSettings(configValues(all, project.name), around);
    const say = (line: string) => void process.stderr.write(`${line}\n`);
    notes.forEach(say);
    const { image, nodes } = await checkNodes(
      settings,
      accessOf(settings, around),
      recordIds(project.name, stack.name),
      say,
    );
    process.stdout.write(reportText(image, nodes));
    if (!isWell(nodes)) throw new ExitError(EXIT.error);
  });
}

const text = (value: unknown) => (typeof value === "string" ? value : undefined);
