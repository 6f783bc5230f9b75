import { type Markup, markup } from "./markup";
import type { Row } from "./row";
import { classOf, countStates } from "./states";

const [WIDTH, HEIGHT, GAP] = [1000, 24, 4];

/** The summary: one bar, with a part for each state that is as long as its share of the rows. */
export function picture(rows: readonly Row[]): Markup {
  const counts = countStates(rows);
  const text = counts.map(([state, count]) => `${count} ${state}`).join(", ");
  const room = WIDTH - GAP * (counts.length - 1);
  let at = 0;
  const parts = counts.map(([state, count]) => {
    const width = (room * count) / rows.length;
    const place = markup`x="${round(at)}" width="${round(width)}" height="${HEIGHT}"`;
    at += width + GAP;
    return markup`<rect class="${classOf(state)}" ${place}><title>${count} ${state}</title></rect>`;
  });
  const size = markup`viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none"`;
  return markup`<svg class="summary" role="img" aria-label="${text}" ${size}>${parts}</svg>`;
}

const round = (value: number) => Math.round(value * 100) / 100;
