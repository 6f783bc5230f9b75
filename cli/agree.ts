import { EXIT, ExitError } from "../engine/command/exit";
import { confirmed, type Flags, UsageError } from "../engine/command/flags";
import { ask, isInteractive } from "../engine/command/prompt";

/**
 * Asks whether to go on, unless the flags say yes.
 *
 * @param act completes "--yes must be passed to ..."
 * @param noun completes "... declined"
 * @throws UsageError if nobody can be asked; ExitError if the answer is not yes
 */
export async function agree(
  flags: Flags,
  { act, noun, question }: { act: string; noun: string; question: string },
): Promise<void> {
  if (confirmed(flags)) return;
  if (!isInteractive(flags))
    throw new UsageError(`--yes must be passed to ${act} in non-interactive mode`);
  if ((await ask(`${question} [yes/no] `)) !== "yes")
    throw new ExitError(EXIT.error, `${noun} declined`);
}
