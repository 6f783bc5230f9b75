/** One replacement in a file's bytes; the offset is in bytes of the file before any edit. */
export interface Edit {
  offset: number;
  length: number;
  text: string;
}

/** What shall become of one file. */
export interface FilePlan {
  path: string;
  /** The bytes the plan was made from; undefined: there is no such file. */
  base: Buffer | undefined;
  /** Sorted, not overlapping. Empty: the file stays as it is. */
  edits: Edit[];
  /** The bytes after the edits; undefined: the file shall not exist. */
  desired: Buffer | undefined;
  /** Only for a file that the plan creates. */
  mode?: number;
}

/** What the daemon needs to take the edits: nothing, SIGHUP, or a restart. */
export type Activation = "none" | "reload" | "restart";

export interface Plan {
  /** Every file that was looked at, in the order they are to be written; most often without edits. */
  files: FilePlan[];
  /** Why nothing was to be done, and what a person should know. One sentence each. */
  notes: string[];
  activate: Activation;
}

/** Does the plan change anything? */
export function hasChanges(plan: Plan): boolean {
  return plan.files.some((file) => file.edits.length > 0);
}

/** The bytes after the edits, which must be sorted and must not overlap. */
export function applyEdits(bytes: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const edit of edits) {
    if (edit.offset < at || edit.offset + edit.length > bytes.length) {
      throw new RangeError(`edit at byte ${edit.offset} overlaps another or leaves the file`);
    }
    parts.push(bytes.subarray(at, edit.offset), Buffer.from(edit.text, "utf8"));
    at = edit.offset + edit.length;
  }
  parts.push(bytes.subarray(at));
  return Buffer.concat(parts);
}

/** The plan for a file whose bytes are to be exactly these. */
export function filePlan(
  path: string,
  base: Buffer | undefined,
  edits: Edit[],
  mode?: number,
): FilePlan {
  const desired = edits.length > 0 ? applyEdits(base ?? Buffer.alloc(0), edits) : base;
  if (base === undefined && mode !== undefined) return { path, base, edits, desired, mode };
  return { path, base, edits, desired };
}
