/** The nodes that a run skipped, from the stack's output `skipped`; undefined if there are none. */
export function leftOut({ skipped }: Readonly<Record<string, unknown>>): string | undefined {
  const nodes = Object.entries((skipped ?? {}) as Record<string, unknown>);
  if (nodes.length === 0) return undefined;
  const lines = nodes.map(([node, reason]) => `  ${node}: ${String(reason)}`);
  return `partly done: ${nodes.length === 1 ? "this node was" : "these nodes were"} skipped, and the next up covers ${nodes.length === 1 ? "it" : "them"}:\n${lines.join("\n")}`;
}
