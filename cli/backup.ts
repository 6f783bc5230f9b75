import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { command } from "../engine/command/exit";
import { type FlagSpec, helpText, parseFlags, UsageError } from "../engine/command/flags";
import { backUp, brokenText } from "../images/backup/backup";
import { withoutSecrets } from "../images/backup/settings";
import { refuseUnwritable } from "../images/backup/write-archive";
import { readHost } from "../images/read-host";
import { withRegistry } from "../images/registry-session";
import { count } from "../images/words";
import { sizeText } from "../registry/size-text";
import { loadStack, STACK_FLAGS } from "./loaded-stack";
import { print, say } from "./output";

const FLAGS: Record<string, FlagSpec> = {
  force: { kind: "switch", short: "f", help: "Replace FILE if it exists" },
  "skip-broken": {
    kind: "switch",
    help: "Leave out what the registry cannot give, and name it. Reads each blob twice",
  },
  json: { kind: "switch", short: "j", help: "Print the result as JSON" },
  ...STACK_FLAGS,
};

const ABOUT =
  "Writes all images of the registry to FILE, a tar archive in the OCI image layout, with the stack's settings without " +
  "their secrets. Signatures and attestations are part of it. Pulls and pushes go on; what is pushed meanwhile is not " +
  "part of it. FILE is complete once it has its name. `npm run restore` reads it, and so does `skopeo copy " +
  "oci-archive:FILE:REPOSITORY:TAG`.";

const EXAMPLES = [
  "npm run backup -- images.tar",
  "npm run backup -- images.tar --stack prod --force",
];

/** `npm run backup`: the registry's images in one file. */
export function main(args: string[]): Promise<void> {
  return command(async () => {
    const { flags, rest } = parseFlags(args, FLAGS);
    const [name, ...others] = rest;
    if (flags["help"]) {
      process.stdout.write(helpText("npm run backup -- FILE [FLAGS]", ABOUT, EXAMPLES, FLAGS));
      return;
    }
    if (name === undefined) throw new UsageError("expected the FILE to write, such as images.tar");
    if (others.length > 0) throw new UsageError(`unknown argument: ${others.join(" ")}`);
    const file = resolve((flags["cwd"] as string | undefined) ?? ".", name);
    refuseUnwritable(file);
    if (existsSync(file) && flags["force"] !== true)
      throw new Error(`${file} exists; choose another name, or replace it with --force`);
    const { settings, access, notes, configuration, secrets } = await loadStack(flags);
    notes.forEach(say);
    const record = await withRegistry(settings, access, say, async (session) => {
      const listing = await readHost(session.connection, session.host);
      if (!listing.container.running)
        throw new Error(`${session.host.name}: the registry does not run; run: npm run up`);
      if (listing.folder === undefined)
        say("the images are not on the host, so manifests without a tag are left out");
      const source = {
        ...session,
        ...(listing.version !== undefined && { version: listing.version }),
        tags: listing.tags,
        revisions: listing.revisions,
        settings: withoutSecrets(configuration, secrets),
      };
      return backUp(source, file, flags["skip-broken"] === true, new Date(), say);
    });
    const { counts, leftOut, secretsLeftOut } = record;
    if (leftOut.length > 0) say(`left out, because it cannot be read:\n${brokenText(leftOut)}`);
    if (secretsLeftOut.length > 0) say(`secret settings left out: ${secretsLeftOut.join(", ")}`);
    if (flags["json"] === true)
      print(JSON.stringify({ file, ...record, settings: undefined }, null, 2));
    else
      print(
        `${file}: ${count(counts.tags, "tag")} of ${counts.repositories} repositories, ${count(counts.blobs, "blob")}, ${sizeText(counts.bytes)}`,
      );
  });
}
