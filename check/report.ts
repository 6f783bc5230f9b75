/** The state of one node: its configuration, and whether it can pull. */
export interface NodeReport {
  name: string;
  role: string;
  /** "in sync", or the reason why it is not. */
  configuration: string;
  /** Whether the configuration is in sync. */
  inSync: boolean;
  /** The error of the pull; undefined if it succeeded. */
  trouble?: string;
}

/** The report for people: two lines for each node, then a summary. */
export function reportText(image: string, nodes: readonly NodeReport[]): string {
  const width = Math.max(...nodes.map(({ name }) => name.length));
  const lines = nodes.map(({ name, configuration, trouble }) => {
    const pull = trouble === undefined ? `pulled ${image}` : `cannot pull: ${trouble}`;
    return `${name.padEnd(width)}  ${pull}\n${" ".repeat(width)}  configuration: ${configuration}`;
  });
  const failed = nodes.filter(({ trouble }) => trouble !== undefined).map(({ name }) => name);
  const drifted = nodes.filter(({ inSync }) => !inSync).map(({ name }) => name);
  const sum = [
    `${nodes.length - failed.length} of ${nodes.length} nodes pull from the registry`,
    ...(failed.length > 0 ? [`cannot pull: ${failed.join(", ")}`] : []),
    ...(drifted.length > 0 ? [`not in sync: ${drifted.join(", ")}`] : []),
  ];
  return `${[...lines, sum.join("; ")].join("\n")}\n`;
}

/** Whether every node pulls and is in sync. */
export const isWell = (nodes: readonly NodeReport[]) =>
  nodes.every(({ inSync, trouble }) => inSync && trouble === undefined);
