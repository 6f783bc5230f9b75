import { CASES } from "./cases";
import { type Entry, median } from "./results";

const COLOURS = ["#2563eb", "#16a34a", "#d97706", "#9333ea", "#64748b"];
const [PANEL, HEIGHT, LEFT, TOP, BOTTOM] = [760, 260, 60, 60, 40];

/** The medians of seconds as bars: one panel for each number of nodes, one group for each case. */
export function plotOf(entries: readonly Entry[]): string {
  const sizes = [...new Set(entries.map(({ n }) => n))].sort((a, b) => a - b);
  const tools = [...new Set(entries.map(({ tool }) => tool))];
  const panel = HEIGHT + TOP + BOTTOM;
  const parts = sizes.map((n, index) =>
    panelOf(
      n,
      entries.filter((entry) => entry.n === n),
      tools,
      index * panel,
    ),
  );
  const legend = tools.map(
    (tool, index) =>
      `<rect x="${LEFT + index * 170}" y="8" width="12" height="12" fill="${COLOURS[index % COLOURS.length]}"/>` +
      `<text x="${LEFT + index * 170 + 18}" y="19">${escaped(tool)}</text>`,
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + PANEL + 20} ${sizes.length * panel + 20}" ` +
    `font-family="sans-serif" font-size="12" role="img" aria-label="Seconds of each case, by tool and number of nodes">\n` +
    `<rect width="100%" height="100%" fill="white"/>\n${[...legend, ...parts].join("\n")}\n</svg>\n`
  );
}

function panelOf(n: number, entries: readonly Entry[], tools: readonly string[], y: number) {
  const top = Math.max(...entries.map(({ seconds }) => median(seconds)));
  const base = y + TOP + HEIGHT;
  const group = PANEL / CASES.length;
  const width = (group - 24) / tools.length;
  const bars = entries.map((entry) => {
    const value = median(entry.seconds);
    const height = (value / top) * HEIGHT;
    const tool = tools.indexOf(entry.tool);
    const x = LEFT + CASES.indexOf(entry.case) * group + 12 + tool * width;
    return (
      `<rect x="${x.toFixed(1)}" y="${(base - height).toFixed(1)}" width="${(width - 2).toFixed(1)}" height="${height.toFixed(1)}" fill="${COLOURS[tool % COLOURS.length]}"/>` +
      `<text x="${(x + width / 2 - 1).toFixed(1)}" y="${(base - height - 4).toFixed(1)}" text-anchor="middle" font-size="9">${value.toFixed(1)}</text>`
    );
  });
  const names = CASES.map(
    (name, index) =>
      `<text x="${LEFT + (index + 0.5) * group}" y="${base + 18}" text-anchor="middle">${escaped(name)}</text>`,
  );
  return [
    `<text x="${LEFT}" y="${y + TOP - 18}" font-weight="bold">${n} nodes, seconds</text>`,
    `<line x1="${LEFT}" y1="${base}" x2="${LEFT + PANEL}" y2="${base}" stroke="#94a3b8"/>`,
    ...bars,
    ...names,
  ].join("\n");
}

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
