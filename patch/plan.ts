/** One replacement in a file's bytes. The offset is in bytes of the file before all edits. */
export interface Edit {
  offset: number;
  length: number;
  text: string;
}

/** The plan for one file. */
export interface FilePlan {
  path: string;
  /** The live bytes in the plan; undefined if the file does not exist. */
  base: Buffer | undefined;
  /** Sorted, without overlaps. Empty if the file does not change. */
  edits: Edit[];
  /** The bytes after the edits; undefined if the file must not exist. */
  desired: Buffer | undefined;
  /** Only for a file that the plan creates. */
  mode?: number;
}

/** How the daemon applies the edits: nothing to do, a reload (SIGHUP), or a restart. */
export type Activation = "none" | "reload" | "restart";

export interface Plan {
  /** All files of the plan, in the order in which they are written. Most have no edits. */
  files: FilePlan[];
  /** Notes for a person, such as why nothing has to change. One sentence each. */
  notes: string[];
  activate: Activation;
}

/** Whether the plan changes anything. */
export function hasChanges(plan: Plan): boolean {
  return plan.files.some((file) => file.edits.length > 0);
}

/** Applies the edits, which must be sorted and must not overlap. */
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

/** The plan for a file that must have exactly these bytes. */
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
