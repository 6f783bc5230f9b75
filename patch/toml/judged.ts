import { certain } from "../certain";
import { type FilePlan, filePlan } from "../plan";
import { Source } from "../source";
import { type TextEdit, toByteEdits } from "../text-edit";
import { TomlDocument } from "./document";
import { sameElsewhere, type Tree, valueAt } from "./value";

/** One thing that an edit is to change: the value at a path, and what it is to be afterwards. */
export interface Change {
  path: readonly string[];
  /** Is the value after the edit (undefined: nothing is there) what was asked? */
  means: (after: Tree | undefined) => boolean;
}

/**
 * The plan of a TOML file, once smol-toml has read the edited text and found that it differs from the
 * text before in the changes asked for, and in nothing else.
 *
 * @param bytes undefined: there is no such file yet
 */
export function judged(
  document: TomlDocument,
  bytes: Buffer | undefined,
  edits: readonly TextEdit[],
  changes: readonly Change[],
  mode?: number,
): FilePlan {
  const { source } = document;
  const file = filePlan(source.path, bytes, toByteEdits(source, edits), mode);
  if (edits.length === 0) return file;
  return certain(file, () => {
    const edited = Source.decode(source.path, file.desired ?? Buffer.alloc(0));
    const after: Tree = TomlDocument.parseEdited(edited).tree;
    const paths = changes.map(({ path }) => path);
    return (
      changes.every(({ path, means }) => means(valueAt(after, path))) &&
      sameElsewhere(document.tree, after, paths)
    );
  });
}
