import { resolve } from "node:path";
import { command } from "../engine/command/exit";
import { type FlagSpec, helpText, parseFlags, UsageError } from "../engine/command/flags";
import { readArchive } from "../images/backup/read-archive";
import { type BackupRecord, parseRecord } from "../images/backup/record";
import { amountOf, refuseConflicts, restore } from "../images/backup/restore";
import { planRestore } from "../images/backup/restore-plan";
import { settingsDifference, withoutSecrets } from "../images/backup/settings";
import { withRegistry } from "../images/registry-session";
import { count } from "../images/words";
import { sizeText } from "../registry/size-text";
import { loadStack, type LoadedStack, STACK_FLAGS } from "./loaded-stack";
import { print, say } from "./output";

const FLAGS: Record<string, FlagSpec> = {
  "dry-run": { kind: "switch", help: "Show what would be pushed, and push nothing" },
  overwrite: { kind: "switch", help: "Replace tags that the registry has with other content" },
  json: { kind: "switch", short: "j", help: "Print the result as JSON" },
  ...STACK_FLAGS,
};

const ABOUT =
  "Pushes the images of FILE, which `npm run backup` wrote, into the stack's registry. It checks all of FILE first, and " +
  "pushes only what the registry lacks, tags last. After an interruption, run it again. A tag that the registry has with " +
  "other content is an error before anything is pushed. The stack's settings stay as they are; a difference to those of " +
  "the backup is shown.";

const EXAMPLES = [
  "npm run restore -- images.tar --dry-run",
  "npm run restore -- images.tar --stack prod",
];

/** `npm run restore`: a backup's images into a registry. */
export function main(args: string[]): Promise<void> {
  return command(async () => {
    const { flags, rest } = parseFlags(args, FLAGS);
    const [name, ...others] = rest;
    if (flags["help"]) {
      process.stdout.write(helpText("npm run restore -- FILE [FLAGS]", ABOUT, EXAMPLES, FLAGS));
      return;
    }
    if (name === undefined) throw new UsageError("expected the FILE to read, such as images.tar");
    if (others.length > 0) throw new UsageError(`unknown argument: ${others.join(" ")}`);
    const archive = await readArchive(resolve((flags["cwd"] as string | undefined) ?? ".", name));
    const stack = await loadStack(flags);
    stack.notes.forEach(say);
    const record = archive.record === undefined ? undefined : parseRecord(archive.record);
    if (record !== undefined) say(recordText(record, stack));
    await withRegistry(stack.settings, stack.access, say, async ({ client, streams, prefix }) => {
      await client.ping();
      const plan = await planRestore(client, archive);
      if (flags["overwrite"] !== true) refuseConflicts(plan.conflicts);
      const amount = amountOf(plan, archive);
      const dryRun = flags["dry-run"] === true;
      if (!dryRun) await restore(client, streams, archive, plan, say);
      const { tags, present, manifests, blobs, bytes } = amount;
      if (flags["json"] === true)
        print(JSON.stringify({ ...amount, overwritten: plan.conflicts, dryRun }, null, 2));
      else
        print(
          `${dryRun ? "would restore" : "restored"} into ${prefix}: ${count(tags, "tag")}, ${count(manifests, "manifest")}, ` +
            `${count(blobs, "blob")}, ${sizeText(bytes)}; ${count(present, "tag")} already there`,
        );
    });
  });
}

/** Where the archive comes from, and how the settings differ. */
function recordText(record: BackupRecord, { configuration, secrets }: LoadedStack): string {
  const now = withoutSecrets(configuration, secrets).settings;
  const difference = settingsDifference(record.settings, now);
  return [
    `a backup of ${record.registry} of ${record.date}`,
    ...(difference.length > 0
      ? [
          "the stack's settings differ from those of the backup, and stay as they are:",
          ...difference.map((line) => `  ${line}`),
        ]
      : []),
  ].join("\n");
}
