/** A row of the tree: a folder, a repository, or both. */
export interface TreeRow {
  /** The path from the top: the repository's name, if it is one. */
  readonly path: string;
  /** The part of the path that the row shows. */
  readonly label: string;
  /** From 1. */
  readonly level: number;
  readonly isRepository: boolean;
  /** Undefined if nothing is below it. */
  readonly expanded?: boolean;
  /** Its place among the rows with the same parent, from 1, and their number. */
  readonly position: number;
  readonly siblings: number;
}

interface Folder {
  readonly children: Map<string, Folder>;
  isRepository: boolean;
}

/** Whether a name has all words of a search, in any case. */
export function matches(name: string, search: string): boolean {
  const lower = name.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}

/**
 * The rows of a tree of repositories. @param isExpanded whether the children of a path are shown
 */
export function treeRows(
  names: readonly string[],
  isExpanded: (path: string) => boolean,
): TreeRow[] {
  const top = emptyFolder();
  for (const name of names) {
    let folder = top;
    for (const part of name.split("/")) {
      let next = folder.children.get(part);
      if (next === undefined) folder.children.set(part, (next = emptyFolder()));
      folder = next;
    }
    folder.isRepository = true;
  }
  const rows: TreeRow[] = [];
  addRows(rows, top, "", 1, isExpanded);
  return rows;
}

const emptyFolder = (): Folder => ({ children: new Map(), isRepository: false });

function addRows(
  rows: TreeRow[],
  { children }: Folder,
  above: string,
  level: number,
  isExpanded: (path: string) => boolean,
): void {
  const sorted = [...children].sort(([a], [b]) => (a < b ? -1 : 1));
  sorted.forEach(([label, folder], index) => {
    const path = above + label;
    const expanded = folder.children.size === 0 ? undefined : isExpanded(path);
    rows.push({
      path,
      label,
      level,
      isRepository: folder.isRepository,
      position: index + 1,
      siblings: sorted.length,
      ...(expanded !== undefined && { expanded }),
    });
    if (expanded === true) addRows(rows, folder, `${path}/`, level + 1, isExpanded);
  });
}
