import type { Report } from "./row";
import { countStates, isInSync } from "./states";

/** For programs. */
export function reportJson({ stack, registry, rows }: Report): string {
  const states = Object.fromEntries(countStates(rows));
  return `${JSON.stringify({ stack, registry, inSync: isInSync(rows), states, rows }, null, 2)}\n`;
}
