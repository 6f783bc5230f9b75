import { certain } from "../certain";
import { type FilePlan, filePlan } from "../plan";
import { Source } from "../source";
import { type TextEdit, toByteEdits } from "../text-edit";
import { TomlDocument } from "./document";
import { isTable, sameMeaning, type Tree, valueAt, withValue } from "./value";

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
    const after: Tree = TomlDocument.parse(edited).tree;
    let expected: Tree | undefined = document.tree;
    for (const { path, means } of changes) {
      const value = valueAt(after, path);
      if (!means(value)) return false;
      expected = withValue(expected, path, value);
      if (value === undefined) expected = withoutEmpty(expected, after, path);
    }
    return sameMeaning(after, expected);
  });
}

/** A table that only its entries had made goes with the last of them. */
function withoutEmpty(
  tree: Tree | undefined,
  after: Tree,
  path: readonly string[],
): Tree | undefined {
  let expected = tree;
  for (let length = path.length - 1; length > 0; length--) {
    const parent = path.slice(0, length);
    const value = valueAt(expected, parent);
    const empty = isTable(value) && Object.keys(value).length === 0;
    if (!empty || valueAt(after, parent) !== undefined) return expected;
    expected = withValue(expected, parent, undefined);
  }
  return expected;
}
