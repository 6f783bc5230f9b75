import { certain } from "../certain";
import { type FilePlan, filePlan } from "../plan";
import { Source } from "../source";
import { type TextEdit, toByteEdits } from "../text-edit";
import { TomlDocument } from "./document";
import { sameElsewhere, type Tree, valueAt } from "./value";

/** One change by an edit: the path of the value, and the condition for its new value. */
export interface Change {
  path: readonly string[];
  /** Whether the value after the edit is the wanted one; `after` is undefined if there is no value. */
  means: (after: Tree | undefined) => boolean;
}

/**
 * The plan of a TOML file. smol-toml parses the edited text and confirms that it differs from the original text in the
 * wanted changes, and in nothing else.
 *
 * @param bytes undefined if the file does not exist yet
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
