import type { HostAccess } from "../settings/access";

/** Options of the ssh config that are not honoured: each note once, with the hosts that it affects. */
export function configNotes(hosts: Iterable<Pick<HostAccess, "name" | "notes">>): string[] {
  const byNote = new Map<string, string[]>();
  for (const { name, notes } of hosts) {
    for (const note of notes) byNote.set(note, [...(byNote.get(note) ?? []), name]);
  }
  return [...byNote].map(([note, names]) => `ssh config for ${names.join(", ")}: ${note}`);
}
