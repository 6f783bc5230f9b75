import type { Daemon } from "../helper/payload";
import { bytesOf, type ManagedFile, type Observation } from "../observation/observation";
import { HostRefusal } from "../observation/refusal";
import { managedOf, type OwnedFile } from "./owned-files";

/**
 * Checks the lines of this program that somebody has edited. Such lines stay, so that no edit of an admin is lost. It is
 * an error if they would keep a name in force that nobody wants any more.
 * @param gone  names that nobody wants any more
 * @returns notes about such lines, file by file
 * @throws HostRefusal with the lines that a person must check
 */
export function editedLines(
  observation: Observation,
  daemon: Daemon,
  gone: readonly string[],
  files: readonly OwnedFile[],
): string[] {
  return managedOf(observation, daemon).flatMap((managed) => {
    const { path } = managed.file;
    const lines = (managed.edited ?? "").split("\n").filter((line) => line !== "");
    if (lines.length === 0) return [];
    const desired = files.find((one) => one.path === path)?.plan.desired?.toString() ?? "";
    const stays = gone.filter(
      (name) =>
        isQuoted(only("take out", lines), name) &&
        !isQuoted(only("put back", lines), name) &&
        isQuoted(desired, name),
    );
    if (stays.length === 0) return [note(managed, lines)];
    throw new HostRefusal(
      `${path}: cannot remove ${stays.join(", ")}, because lines of this program were edited by hand` +
        `\n  fix: by hand, ${lines.map((line) => line.trim()).join("\n       ")}\n       then run again`,
    );
  });
}

/** The edited lines, each with its number if it stands where it was written. */
function note({ file }: ManagedFile, lines: readonly string[]): string {
  const live = (bytesOf(file)?.toString("utf8") ?? "").split("\n").map((line) => line.trim());
  const shown = lines.map((line) => {
    const [, word = "", text = ""] = /^ {2}(take out|put back): (.*)$/.exec(line) ?? [];
    if (word === "put back") return `\n  removed by this program: ${text.trim()}`;
    const at = live.indexOf(text.trim());
    return at < 0 ? `\n  edited or removed: ${text.trim()}` : `\n  line ${at + 1}: ${text.trim()}`;
  });
  return (
    `${file.path}: lines of this program were edited by hand. up keeps the edits; destroy stops until they are removed:` +
    shown.join("")
  );
}

function only(word: string, lines: readonly string[]): string {
  return lines.filter((line) => line.startsWith(`  ${word}: `)).join();
}

function isQuoted(text: string, name: string): boolean {
  return text.includes(`"${name}"`) || text.includes(`'${name}'`);
}
