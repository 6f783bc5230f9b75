import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { type Range, visibleRows } from "./visible-rows";

/**
 * The rows of a long list that are to be drawn, as its scroller moves.
 * @param list the list's element, which is as high as all its rows
 */
export function useVisibleRows(
  scroller: RefObject<HTMLElement | null>,
  list: RefObject<HTMLElement | null>,
  rows: number,
  rowHeight: number,
): Range {
  const [range, setRange] = useState<Range>({ first: 0, end: Math.min(rows, 40) });
  useLayoutEffect(() => {
    const area = scroller.current;
    if (area === null) return undefined;
    const update = () => {
      if (list.current === null) return;
      const top = area.getBoundingClientRect().top - list.current.getBoundingClientRect().top;
      const next = visibleRows(rows, rowHeight, top, area.clientHeight);
      setRange((last) => (last.first === next.first && last.end === next.end ? last : next));
    };
    update();
    area.addEventListener("scroll", update, { passive: true });
    const observer = new ResizeObserver(update);
    observer.observe(area);
    return () => {
      area.removeEventListener("scroll", update);
      observer.disconnect();
    };
  }, [rows, rowHeight]);
  // A list that became shorter is drawn before the effect corrects the range.
  return { first: Math.min(range.first, rows), end: Math.min(range.end, rows) };
}
