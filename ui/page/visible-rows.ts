/** The rows that are drawn: from `first`, without `end`. */
export interface Range {
  readonly first: number;
  readonly end: number;
}

/** Rows that are drawn above and below the visible ones, so that the next rows of a scroll are there. */
const AROUND = 8;

/**
 * The rows of a long list to draw.
 * @param top how far the list's first row is above the visible area, in pixels; negative if it is below its top
 * @param height the height of the visible area
 */
export function visibleRows(rows: number, rowHeight: number, top: number, height: number): Range {
  const first = Math.floor(top / rowHeight) - AROUND;
  const end = Math.ceil((top + height) / rowHeight) + AROUND;
  const within = (row: number) => Math.min(Math.max(row, 0), rows);
  return { first: within(first), end: within(end) };
}
