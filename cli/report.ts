import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pageFiles } from "../components/page-files";
import { timerFiles } from "../components/timer-files";
import { imagePrefix } from "../decision/plan";
import { command, EXIT, ExitError } from "../engine/command/exit";
import { type FlagSpec, helpText, parseFlags, UsageError } from "../engine/command/flags";
import { askFor } from "../observation/ask";
import { surveyHosts, withLacking } from "../observation/hosts";
import { reportJson } from "../report/json";
import { reportPage } from "../report/page";
import type { Report } from "../report/row";
import { rowsOf } from "../report/rows";
import { isInSync } from "../report/states";
import { reportText, summaryText } from "../report/text";
import { loadStack, STACK_FLAGS } from "./loaded-stack";
import { print, say } from "./output";

const FLAGS: Record<string, FlagSpec> = {
  json: { kind: "switch", short: "j", help: "Print the result as JSON" },
  html: { kind: "value", help: "Write one page with the differences to this file" },
  ...STACK_FLAGS,
};

const ABOUT =
  "Shows the live state of every host of the stack: operating system, versions, the way in which containerd is configured, " +
  "the files, when they were last applied, and how they differ from the settings. It reads the hosts over SSH, all at the " +
  "same time, and changes nothing. A host that does not answer is a row too. --html writes a page that needs no server and " +
  "no other file. Exit code 0: everything is in sync; 1: something is not.";

const EXAMPLES = [
  "npm run report",
  "npm run report -- --json --stack prod",
  "npm run report -- --html report.html",
];

/** `npm run report`: the live state of every host. */
export function main(args: string[]): Promise<void> {
  return command(async () => {
    const { flags, rest } = parseFlags(args, FLAGS);
    if (flags["help"]) {
      const usage = "npm run report -- [--json | --html FILE] [FLAGS]";
      process.stdout.write(helpText(usage, ABOUT, EXAMPLES, FLAGS));
      return;
    }
    if (rest.length > 0) throw new UsageError(`unknown argument: ${rest.join(" ")}`);
    const { json, html } = flags;
    if (json === true && html !== undefined)
      throw new UsageError("expected one of --json and --html, found both");
    const { name, settings, access, lacking, ids, notes, cluster } = await loadStack(
      flags,
      () => true,
    );
    notes.forEach(say);
    const read = await surveyHosts(access.values(), (host) => askFor(settings, host), say);
    const surveyed = withLacking(read, lacking);
    const timer = timerFiles(settings, cluster !== undefined);
    const rows = rowsOf(settings, surveyed, ids, await pageFiles(settings, name), timer);
    const report: Report = { stack: name, registry: imagePrefix(settings), rows };
    if (typeof html === "string") {
      const file = resolve((flags["cwd"] as string | undefined) ?? ".", html);
      writeFileSync(file, reportPage(report, new Date()));
      print(`${file}: ${summaryText(report)}`);
    } else process.stdout.write(json === true ? reportJson(report) : reportText(report));
    if (!isInSync(rows)) throw new ExitError(EXIT.error);
  });
}
