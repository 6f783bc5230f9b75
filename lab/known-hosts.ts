import { writeFileSync } from "node:fs";
import type { LabDefinition } from "./definition";
import { readRecord } from "./host/lifecycle";
import { labPaths } from "./paths";

/** Writes the lab's known_hosts: the current key of every host, under its address and its name. */
export function writeKnownHosts(lab: LabDefinition): void {
  const lines = lab.hosts.flatMap(({ name, address }) => {
    const record = readRecord(lab.name, name);
    return record ? [`${address},${name} ${record.hostKey}\n`] : [];
  });
  writeFileSync(labPaths(lab.name).knownHosts, lines.join(""));
}
