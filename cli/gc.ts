import { type FlagSpec, helpText, parseFlags, UsageError } from "../engine/command/flags";
import { command, EXIT, ExitError } from "../engine/command/exit";
import { listenForInterrupts } from "../engine/command/interrupt";
import { type CleanedUp, cleanUp, Interrupted, planGc, planText, pushesNow } from "../images/gc";
import { readInUse, withRegistry } from "../images/registry-session";
import { agree } from "./agree";
import { loadStack, STACK_FLAGS } from "./loaded-stack";
import { print, say } from "./output";

const FLAGS: Record<string, FlagSpec> = {
  "dry-run": { kind: "switch", help: "Show what would be removed, and change nothing" },
  now: { kind: "switch", help: "Do not refuse because a push is in progress: that push will fail" },
  yes: { kind: "switch", short: "y", help: "Do not ask before the clean-up" },
  json: { kind: "switch", short: "j", help: "Print the result as JSON" },
  ...STACK_FLAGS,
};

const ABOUT =
  "Frees space in the registry: removes the tags that no rule of `retention` keeps, manifests without a tag, and the blobs " +
  "that no manifest needs. What a Pod or another workload uses, by tag or digest, stays if the stack names a cluster. Pulls go on; " +
  "pushes are refused until the end. The registry restarts twice, each time for about a second. It ends with a pull of an " +
  "image that was kept. Ctrl-C ends it after the step that runs. However it ends, the host starts the registry as it was.";

const EXAMPLES = ["npm run gc -- --dry-run", "npm run gc -- --stack prod --yes"];

/** `npm run gc`: a clean-up of the registry. */
export function main(args: string[]): Promise<void> {
  return command(async () => {
    const { flags, rest } = parseFlags(args, FLAGS);
    if (flags["help"]) {
      process.stdout.write(helpText("npm run gc -- [FLAGS]", ABOUT, EXAMPLES, FLAGS));
      return;
    }
    if (rest.length > 0) throw new UsageError(`unknown argument: ${rest.join(" ")}`);
    const json = flags["json"] === true;
    const { settings, access, notes, cluster } = await loadStack(flags);
    notes.forEach(say);
    const { retention = [] } = settings;
    const inUse = await readInUse(settings, cluster);
    await withRegistry(settings, access, say, async (session) => {
      const plan = async () => planGc(session, retention, await readInUse(settings, cluster));
      const shown = await planGc(session, retention, inUse);
      (json ? say : print)(planText(shown, retention, inUse !== undefined).trimEnd());
      const result = ({
        plan: { expired, untagged, emptied, blobs, bytes },
        removed,
      }: CleanedUp) => {
        if (json)
          print(JSON.stringify({ expired, untagged, emptied, blobs, bytes, removed }, null, 2));
      };
      const nothing = { plan: shown.plan, removed: 0 };
      if (flags["dry-run"] === true) return result(nothing);
      const { expired, untagged, emptied, blobs } = shown.plan;
      if (expired.length + untagged.length + emptied.length + blobs === 0) {
        say("there is nothing to remove");
        return result(nothing);
      }
      const pushes = pushesNow(shown.listing);
      if (pushes.length > 0 && flags["now"] !== true)
        throw new Error(
          `a push is in progress (${pushes.join(", ")}); run the command again when it has ended, or let it fail with --now`,
        );
      await agree(flags, {
        act: "clean up",
        noun: "clean-up",
        question: "Clean up? The registry refuses pushes until the end.",
      });
      result(await untilInterrupted((signal) => cleanUp(session, shown, plan, say, signal), say));
    });
  });
}

/** Ctrl-C ends the clean-up, and the command waits until the registry runs as before. */
async function untilInterrupted(
  work: (interrupted: AbortSignal) => Promise<CleanedUp>,
  say: (line: string) => void,
): Promise<CleanedUp> {
  const interrupts = listenForInterrupts(say, {
    first:
      "^C received; waiting for the host to end the step that runs, and to start the registry as it was. Press ^C again to end without waiting.",
    second: "^C received; the host starts the registry as it was, without this command.",
  });
  interrupts.terminate.addEventListener("abort", () => process.exit(EXIT.cancelled));
  try {
    return await work(interrupts.cancel);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    throw new ExitError(EXIT.cancelled, "clean-up interrupted; the registry takes pushes again");
  } finally {
    interrupts.dispose();
  }
}
