import { diagnose } from "../doctor";
import { type Commands, commandsFor } from "../doctor/commands";
import { unlistedNodes } from "../doctor/unlisted";
import { type Diagnosis, isHealthy, reportJson, reportText } from "../doctor/report";
import { command, EXIT, ExitError } from "../engine/command/exit";
import { type FlagSpec, helpText, parseFlags, UsageError } from "../engine/command/flags";
import { readNodes } from "../kube/nodes";
import { type LoadedStack, loadStack, STACK_FLAGS } from "./loaded-stack";
import { say } from "./output";

const FLAGS: Record<string, FlagSpec> = {
  verbose: { kind: "switch", short: "v", help: "List the checks that passed, too" },
  json: { kind: "switch", short: "j", help: "Print the result as JSON" },
  ...STACK_FLAGS,
};

const ABOUT =
  "Finds out why nodes cannot pull an image: the check that failed, what shows it, and the command that fixes it. It reads " +
  "the hosts over SSH and changes nothing; it only pulls the image, and takes away what the pull has added. Without NODE: " +
  "all nodes. Without IMAGE: the probe image of `npm run check`. IMAGE is NAME:TAG, or a full reference as in a Pod. Exit " +
  "code 0: every node can pull; 1: a cause was found.";

const EXAMPLES = [
  "npm run doctor",
  "npm run doctor -- node02 mynginx:1.0",
  "npm run doctor -- node02 10.0.0.11:5000/mynginx:1.0 --verbose",
];

/** `npm run doctor`: why a node cannot pull an image. */
export function main(args: string[]): Promise<void> {
  return command(async () => {
    const { flags, rest } = parseFlags(args, FLAGS);
    if (flags["help"]) {
      const usage = "npm run doctor -- [NODE [IMAGE]] [FLAGS]";
      process.stdout.write(helpText(usage, ABOUT, EXAMPLES, FLAGS));
      return;
    }
    const [node, image, ...more] = rest;
    if (more.length > 0) throw new UsageError(`unknown argument: ${more.join(" ")}`);
    // Another node's login is nothing that this one's diagnosis needs.
    const stack = await loadStack(
      flags,
      (host, { registry }) => host !== registry.host && host !== node,
    );
    const { settings, access, lacking, ids, notes } = stack;
    notes.forEach(say);
    const commands = commandsFor(stackFlags(flags));
    const unlisted = await missingNodes(stack, commands, say);
    const others = unlisted.filter(({ name }) => node === undefined || name === node);
    const names = settings.nodes.map(({ name }) => name);
    if (node !== undefined && others.length === 0 && !names.includes(node))
      throw new UsageError(`expected a node of the stack (${names.join(", ")}); found ${node}`);
    const nodes = names.filter((name) => access.has(name) && (node === undefined || name === node));
    const asked = { ...(image !== undefined && { image }) };
    const found = await diagnose({ settings, access, ids, commands, nodes, ...asked }, say);
    const reference = found.image;
    const unread = [...lacking].filter(() => node === undefined).map(withoutLogin);
    const all = [...unread, ...found.all, ...others];
    const json = flags["json"] === true;
    process.stdout.write(
      json ? reportJson(all, reference) : reportText(all, reference, flags["verbose"] === true),
    );
    if (!isHealthy(all)) throw new ExitError(EXIT.error);
  });
}

/** A node that nobody can log in to yet. */
const withoutLogin = ([name, { message }]: [string, Error]): Diagnosis => ({
  name,
  passed: [],
  cause: {
    cause: `it is not known how to log in to ${name}`,
    evidence: [message],
    fix: "correct what is named above; `npm run report` shows it too",
  },
});

/** The nodes of the cluster that a list of nodes lacks. A cluster that does not answer is no reason to stop. */
async function missingNodes(
  { settings, configuration, cluster }: LoadedStack,
  commands: Commands,
  say: (line: string) => void,
): Promise<Diagnosis[]> {
  if (cluster === undefined || !Array.isArray(configuration["nodes"])) return [];
  try {
    return unlistedNodes(settings, await readNodes(cluster), commands);
  } catch (error) {
    say(`the nodes of the cluster were not compared with the stack's: ${(error as Error).message}`);
    return [];
  }
}

/** The flags that select the same stack in another command. */
const stackFlags = (flags: Record<string, unknown>) =>
  ["stack", "cwd"].flatMap((name) => {
    const value = flags[name];
    return typeof value === "string" ? [`--${name}`, value] : [];
  });
