import type { Case } from "../../bench/fleet/cases";
import { plotOf } from "../../bench/fleet/plot";
import { type Entry, goalsOf, median, ratiosOf, tableOf } from "../../bench/fleet/results";

const entry = (tool: string, one: Case, seconds: number[], more: Partial<Entry> = {}): Entry => ({
  n: 30,
  tool,
  case: one,
  seconds,
  cpu_seconds: seconds.map((each) => each / 2),
  peak_memory: seconds.map(() => 100e6),
  ssh_connections: 1,
  bytes_on_wire: 250_000,
  processes: 90,
  host_cpu_seconds: [0.25],
  ...more,
});

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[], NaN],
])("the median of %j is %d", (values, expected) => {
  expect(median(values)).toBe(expected);
});

test("ratios are our medians over those of each peer with the same nodes and case", () => {
  const entries = [
    entry("cluster-registry", "preview", [2, 3, 4]),
    entry("pyinfra", "preview", [6]),
    entry("openssh", "preview", [1.5]),
    entry("pyinfra", "apply", [6]),
    entry("pyinfra", "preview", [1], { n: 3 }),
  ];
  expect(ratiosOf(entries)).toEqual({ 30: { preview: { pyinfra: 0.5, openssh: 2 } } });
});

test("a goal is judged where both of its cases were measured", () => {
  const entries = [
    entry("cluster-registry", "preview", [4]),
    entry("cluster-registry", "second run", [4.2]),
    entry("pyinfra", "second run", [3]),
  ];
  expect(goalsOf(entries)).toEqual([
    { goal: "30 nodes: preview / pyinfra's second run", limit: 1, reached: 1.33 },
    { goal: "30 nodes: second run / preview", limit: 1.1, reached: 1.05 },
    { goal: "30 nodes: SSH connections", limit: 2, reached: 1 },
  ]);
});

test("with three nodes a preview is judged by a bare program, and with a hundred by that of thirty and by its memory", () => {
  const entries = [
    entry("cluster-registry", "preview", [3], { n: 3 }),
    entry("bare program", "preview", [2], { n: 3 }),
    entry("cluster-registry", "preview", [6]),
    entry("bare program", "preview", [2]),
    entry("cluster-registry", "preview", [21], { n: 100, peak_memory: [240e6] }),
  ];
  const connections = (n: number) => ({
    goal: `${n} nodes: SSH connections`,
    limit: 2,
    reached: 1,
  });
  expect(goalsOf(entries)).toEqual([
    { goal: "3 nodes: preview / a bare program's", limit: 2, reached: 1.5 },
    connections(3),
    connections(30),
    connections(100),
    { goal: "100 nodes: MB of preview", limit: 250, reached: 240 },
    { goal: "100 nodes: preview / that of 30, per node", limit: 1.1, reached: 1.05 },
  ]);
});

test("the table has the median, and the fastest and slowest round", () => {
  expect(tableOf([entry("pyinfra", "second run", [2, 4, 3])])).toBe(
    [
      "NODES  CASE        TOOL     SECONDS           CPU   MEMORY  SSH  PROCESSES  NODE CPU  ON THE WIRE",
      "30     second run  pyinfra  3.00 (2.00-4.00)  1.50  100 MB  1.0  90         0.25      250 kB",
      "",
    ].join("\n"),
  );
});

test("the plot has a bar with its value for each case and tool, and a panel for each number of nodes", () => {
  const svg = plotOf([
    entry("cluster-registry", "apply", [4]),
    entry("a<b", "apply", [8]),
    entry("cluster-registry", "apply", [1], { n: 3 }),
  ]);
  expect(svg.match(/<rect x=/g)).toHaveLength(5);
  expect(svg).toContain(">4.0</text>");
  expect(svg).toContain(">8.0</text>");
  expect(svg).toContain(">3 nodes, seconds</text>");
  expect(svg).toContain(">30 nodes, seconds</text>");
  expect(svg).toContain("a&lt;b");
  expect(svg).not.toContain("a<b");
});
