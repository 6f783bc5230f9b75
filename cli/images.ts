import { command } from "../engine/command/exit";
import {
  type Flags,
  type FlagSpec,
  helpText,
  parseFlags,
  UsageError,
} from "../engine/command/flags";
import { readHost } from "../images/read-host";
import { readInUse, type RegistrySession, withRegistry } from "../images/registry-session";
import { planRemoval, removalText, removeTags } from "../images/remove";
import { rowsText, tagRows, usageOf, usageText } from "../images/report";
import { timerOn } from "../images/timer";
import { surveyRegistry } from "../registry/survey";
import { agree } from "./agree";
import { loadStack, type LoadedStack, STACK_FLAGS } from "./loaded-stack";
import { print, say } from "./output";

const FLAGS: Record<string, FlagSpec> = {
  yes: { kind: "switch", short: "y", help: "Do not ask before a removal" },
  json: { kind: "switch", short: "j", help: "Print the result as JSON" },
  ...STACK_FLAGS,
};

const ABOUT =
  "Shows and removes images of the registry, through the SSH connection to its host. `ls` lists tags with their digests, " +
  "platforms, sizes and users; `rm` removes tags, and each other tag of the same digest stays; `usage` shows what takes " +
  "the space, the free space, and the registry's errors. Space gets free with `npm run gc`.";

const EXAMPLES = [
  "npm run images -- ls",
  "npm run images -- ls app/web --json",
  "npm run images -- rm app/web:1.0 app/web:1.1",
  "npm run images -- usage --stack prod",
];

/** `npm run images`: what the registry holds. */
export function main(args: string[]): Promise<void> {
  return command(async () => {
    const { flags, rest } = parseFlags(args, FLAGS);
    const [verb, ...names] = rest;
    if (flags["help"] || verb === undefined) {
      const usage = "npm run images -- ls [REPOSITORY...] | rm NAME:TAG... | usage [FLAGS]";
      process.stdout.write(helpText(usage, ABOUT, EXAMPLES, FLAGS));
      return;
    }
    const work = { ls, rm, usage }[verb];
    if (work === undefined)
      throw new UsageError(`expected ls, rm or usage; found ${JSON.stringify(verb)}`);
    if (verb === "usage" && names.length > 0)
      throw new UsageError(`unknown argument: ${names.join(" ")}`);
    if (verb === "rm" && names.length === 0) throw new UsageError("expected at least one NAME:TAG");
    const stack = await loadStack(flags);
    stack.notes.forEach(say);
    await withRegistry(stack.settings, stack.access, say, (session) =>
      work(session, stack, names, flags),
    );
  });
}

type Verb = (
  session: RegistrySession,
  stack: LoadedStack,
  names: readonly string[],
  flags: Flags,
) => Promise<void>;

const ls: Verb = async ({ client, prefix }, stack, names, flags) => {
  const inUse = await readInUse(stack.settings, stack.cluster);
  const wanted = names.map((name) => withoutPrefix(name, prefix));
  const survey = await surveyRegistry(
    client,
    (repository) => wanted.length === 0 || wanted.includes(repository),
  );
  const missing = wanted.filter(
    (name) => !survey.tags.some(({ repository }) => repository === name),
  );
  if (missing.length > 0)
    throw new Error(`${prefix} has no repository ${missing.join(", ")} with tags`);
  const rows = tagRows(survey.tags, inUse);
  print(flags["json"] ? JSON.stringify(rows, null, 2) : rowsText(rows, prefix).trimEnd());
};

const rm: Verb = async ({ client, prefix }, stack, names, flags) => {
  const inUse = await readInUse(stack.settings, stack.cluster);
  const wanted = names.map((name) => withoutPrefix(name, prefix));
  const removal = await planRemoval(client, wanted, inUse);
  say(removalText(removal, prefix).trimEnd());
  await agree(flags, { act: "remove images", noun: "removal", question: "Remove these tags?" });
  const removed = await removeTags(client, removal);
  if (flags["json"]) print(JSON.stringify({ removed }, null, 2));
  else if (removed.length > 0)
    print(`removed ${removed.join(", ")}; to free the space, run: npm run gc`);
  const left = removal
    .map(({ repository, tag }) => `${repository}:${tag}`)
    .filter((name) => !removed.includes(name));
  if (left.length > 0)
    throw new Error(`somebody else pushed or removed these tags meanwhile: ${left.join(", ")}`);
};

const usage: Verb = async ({ client, connection, host, prefix }, { settings }, _names, flags) => {
  // A full disk can be why the registry does not run.
  const listing = await readHost(connection, host);
  const { running } = listing.container;
  const survey = running ? await surveyRegistry(client) : undefined;
  const timer = settings.gcTimer === undefined ? undefined : await timerOn(connection);
  const found = usageOf(prefix, survey?.tags, listing, timer);
  print(flags["json"] ? JSON.stringify(found, null, 2) : usageText(found).trimEnd());
  if (!running)
    throw new Error(
      `${host.name}: the registry does not run, so its images are not known; run: npm run up`,
    );
};

/** People copy names with the registry from `docker images`. */
const withoutPrefix = (name: string, prefix: string) =>
  name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : name;
