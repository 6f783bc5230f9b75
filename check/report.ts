/** How one node is: its configuration, and whether it pulls. */
export interface NodeReport {
  name: string;
  role: string;
  /** "as it should be", or what is not. */
  configuration: string;
  /** True where the configuration is as it should be. */
  inSync: boolean;
  /** Why it cannot pull; undefined: it has pulled. */
  trouble?: string;
}

/** The report for people: a line for each node, what is wrong under it. */
export function reportText(image: string, nodes: readonly NodeReport[]): string {
  const width = Math.max(...nodes.map(({ name }) => name.length));
  const lines = nodes.map(({ name, configuration, trouble }) => {
    const pull = trouble === undefined ? `pulled ${image}` : `does not pull: ${trouble}`;
    return `${name.padEnd(width)}  ${pull}\n${" ".repeat(width)}  configuration: ${configuration}`;
  });
  const failed = nodes.filter(({ trouble }) => trouble !== undefined).map(({ name }) => name);
  const drifted = nodes.filter(({ inSync }) => !inSync).map(({ name }) => name);
  const sum = [
    `${nodes.length - failed.length} of ${nodes.length} nodes pull from the registry`,
    ...(failed.length > 0 ? [`these do not: ${failed.join(", ")}`] : []),
    ...(drifted.length > 0 ? [`not configured as they should be: ${drifted.join(", ")}`] : []),
  ];
  return `${[...lines, sum.join("; ")].join("\n")}\n`;
}

/** Whether all is well. */
export const isWell = (nodes: readonly NodeReport[]) =>
  nodes.every(({ inSync, trouble }) => inSync && trouble === undefined);
