import { revert } from "./hunks";
import { type FilePlan } from "./plan";
import { Refusal } from "./problem";
import { Source } from "./source";

/**
 * The last check of every plan: the edited text, parsed again, means exactly what was asked, and reverting its hunks
 * gives the original bytes. If this fails, the program has a bug, and the file is not written.
 *
 * @param means parses the edited text and returns whether it means what was asked; it may throw
 */
export function certain(file: FilePlan, means: () => boolean): FilePlan {
  let why = "the edited text would not mean what was asked";
  let cause: unknown;
  try {
    if (means()) {
      if (revert(file)) return file;
      why = "the edit could not be taken back to the bytes of before";
    }
  } catch (error) {
    why = `the edited text could not be read: ${error instanceof Error ? firstLine(error) : String(error)}`;
    cause = error;
  }
  const base = file.base ?? Buffer.alloc(0);
  const before = base.subarray(0, file.edits[0]?.offset ?? 0).toString("utf8");
  const problem = Source.decode(file.path, base).problem(before.length, {
    expected: "a file that can be edited with certainty",
    found: why,
    fix: "make the change by hand, and report this file as a fault of cluster-registry",
  });
  throw new Refusal([problem], { cause });
}

function firstLine(error: Error): string {
  return error.message.split("\n")[0] ?? "";
}
