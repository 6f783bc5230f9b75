import type { Listing } from "../../images/listing";

/** What a registry's host has, with nothing in its volume. */
export const listing = (
  more: Partial<Listing> = {},
  env: Record<string, string> = {},
): Listing => ({
  now: Date.now() / 1000,
  container: { id: "x", running: true, env, configPath: "/etc/distribution/config.yml" },
  folder: "/data",
  version: "3.1.2",
  tags: [],
  revisions: [],
  uploads: [],
  repositories: [],
  blobs: new Map(),
  errors: { count: 0, last: [] },
  ...more,
});
