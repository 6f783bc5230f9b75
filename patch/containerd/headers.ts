import { type TomlDocument } from "../toml/document";
import { type DaemonVersion } from "./version";

/**
 * What go-toml 1, in containerd 1.x, reads in a `[header]` otherwise than TOML says: an escape stands for
 * itself there, and a bracket, be it in quotes, is an error. In keys it reads both.
 */
export function refuseUnreadHeaders(document: TomlDocument, daemon: DaemonVersion): void {
  if (daemon.major >= 2) return;
  for (const table of document.tables.slice(1)) {
    const start = table.start + (table.array ? 2 : 1);
    const header = document.text.slice(start, document.text.indexOf("\n", start) >>> 0);
    if (!/[\\[]/.test(header)) continue;
    const name = document.text.slice(start, table.partEnds.at(-1));
    if (name.includes("\\")) {
      throw document.source.refuse(table.start, {
        expected: "table headers without escapes",
        found: `one with an escape, which containerd ${daemon.text} takes as it stands`,
        fix: "write the character itself",
      });
    }
    if (!hasBrackets(name)) continue;
    throw document.source.refuse(table.start, {
      expected: "table headers without brackets in their names",
      found: `one with a bracket, with which containerd ${daemon.text} does not read the file`,
      fix: 'write it as a key of the table above: "[fd00::1]:5000" = { ... }',
    });
  }
}

/** Can containerd not have it in a header? */
export function isUnreadInHeader(name: string, daemon: DaemonVersion): boolean {
  return daemon.major < 2 && hasBrackets(name);
}

function hasBrackets(name: string): boolean {
  return /[[\]]/.test(name);
}
