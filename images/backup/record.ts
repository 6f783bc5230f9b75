import type { Broken } from "./collect";
import type { ArchivedSettings } from "./settings";

/** What an archive says about itself, in cluster-registry.json. */
export interface BackupRecord extends ArchivedSettings {
  readonly format: 1;
  /** `ADDRESS:PORT` of the registry. */
  readonly registry: string;
  /** The registry server's version, such as 3.1.2; undefined if it does not say one. */
  readonly version?: string;
  /** When the backup began, as an ISO date. */
  readonly date: string;
  readonly counts: Counts;
  /** What the registry could not give. */
  readonly leftOut: readonly Broken[];
}

export interface Counts {
  readonly repositories: number;
  readonly tags: number;
  /** Untagged manifests that refer to another one, such as signatures. */
  readonly referrers: number;
  readonly manifests: number;
  readonly blobs: number;
  /** Of all blobs and manifests. */
  readonly bytes: number;
}

/** Undefined if it is not a record that this version can read. */
export function parseRecord(text: string): BackupRecord | undefined {
  try {
    const record = JSON.parse(text) as BackupRecord;
    return record.format === 1 ? record : undefined;
  } catch {
    return undefined; // The images count; the settings are a note.
  }
}
