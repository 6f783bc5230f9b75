import { RegistryError } from "../registry/error";
import type { RegistryClient } from "../registry/client";
import type { RetentionRule } from "./retention";
import type { InUse } from "./in-use";
import { GcSession } from "./gc-session";
import type { Listing } from "./listing";
import { type Plan, planCleanUp } from "./plan";
import { readHost } from "./read-host";
import type { RegistrySession } from "./registry-session";
import { count, sizeText } from "./words";

/** A push whose last byte is younger than this is in progress. In seconds. */
const FRESH = 60;
/** How long a registry may take to answer after its start. In seconds. */
const START_SECONDS = 60;

/** What a clean-up would do, from one look at the registry. */
export interface CleanUp {
  readonly listing: Listing;
  readonly plan: Plan;
}

/** Looks at the registry and plans a clean-up. Changes nothing. */
export async function planGc(
  session: RegistrySession,
  rules: readonly RetentionRule[],
  inUse: InUse | undefined,
  now: () => number,
): Promise<CleanUp> {
  const listing = await readHost(session.connection, session.host);
  if (!listing.container.running)
    throw new Error(`${session.host.name}: the registry does not run; run: npm run up`);
  if (listing.folder === undefined)
    throw new Error(
      `${session.host.name}: the registry has no volume at /var/lib/registry, so its files cannot be cleaned up`,
    );
  // Without a cluster, nothing is known to be used.
  const isUsed = (repository: string, tag: string | undefined, digests: readonly string[]) =>
    inUse !== undefined && inUse.usersOf(repository, tag, digests).length > 0;
  const plan = await planCleanUp(session.client, listing, rules, now(), isUsed);
  return { listing, plan };
}

/** The repositories that are pushed to at this moment. */
export function pushesNow({ uploads }: Listing, now: number): string[] {
  const fresh = uploads.filter(({ changed }) => changed > now - FRESH);
  return [...new Set(fresh.map(({ repository }) => repository))].sort();
}

/**
 * Does what `shown` says: makes the registry read-only, removes, collects garbage, starts the registry as it was, and
 * pulls one image that was kept. What has been pushed or used since `shown` stays.
 *
 * @returns how many blobs were removed
 */
export async function cleanUp(
  session: RegistrySession,
  shown: CleanUp,
  again: () => Promise<CleanUp>,
  say: (line: string) => void,
): Promise<number> {
  const { client, connection, host } = session;
  const run = await GcSession.open(connection, host, shown.listing);
  let removed: number;
  try {
    await run.readOnly();
    await answers(client);
    await provesReadOnly(client);
    say("the registry is read-only: pulls go on, pushes are refused");
    removed = await run.cleanUp(common(shown.plan, (await again()).plan));
    say(`garbage collected: ${count(removed, "blob")}`);
    await run.restart();
    await answers(client);
    say("the registry takes pushes again");
  } finally {
    await run.close();
  }
  await answers(client);
  const { proof } = shown.plan;
  if (proof !== undefined) {
    await pullAll(client, proof.repository, proof.digest);
    say(
      `pulled ${session.prefix}/${proof.repository}:${proof.name}, which was kept, byte for byte`,
    );
  }
  return removed;
}

/** What both plans remove. The first was shown and confirmed, and the second is from after the last push. */
export function common(shown: Plan, now: Plan): Plan {
  const tag = ({ tag: { repository, name, digest } }: Plan["expired"][number]) =>
    `${repository}:${name}=${digest}`;
  const tags = new Set(shown.expired.map(tag));
  const revision = (each: Plan["untagged"][number]) => `${each.repository}@${each.digest}`;
  const revisions = new Set(shown.untagged.map(revision));
  const repositories = new Set(shown.emptied);
  return {
    ...now,
    expired: now.expired.filter((each) => tags.has(tag(each))),
    untagged: now.untagged.filter((each) => revisions.has(revision(each))),
    emptied: now.emptied.filter((each) => repositories.has(each)),
  };
}

async function answers(client: RegistryClient): Promise<void> {
  for (const end = Date.now() + START_SECONDS * 1000; ;) {
    try {
      await client.ping();
      return;
    } catch (error) {
      if (Date.now() > end)
        throw new Error(
          `the registry does not answer ${START_SECONDS} seconds after its start: ${(error as Error).message}; ` +
            "see its log on its host with: docker logs registry",
          { cause: error },
        );
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** An upload that begins would lose its blobs to the garbage collection. */
async function provesReadOnly(client: RegistryClient): Promise<void> {
  try {
    await client.beginUpload("cluster-registry/probe");
  } catch (error) {
    if (error instanceof RegistryError && error.status === 405) return;
    throw error;
  }
  throw new Error(
    "the registry still takes pushes although its configuration says read-only; nothing was removed",
  );
}

/** Reads everything that a digest names, and compares each part with its digest. */
async function pullAll(client: RegistryClient, repository: string, digest: string): Promise<void> {
  const manifest = await client.manifest(repository, digest);
  if (manifest === undefined) throw lost(repository, digest);
  for (const entry of manifest.manifests) await pullAll(client, repository, entry.digest);
  for (const { digest: blob } of [
    ...manifest.layers,
    ...(manifest.config ? [manifest.config] : []),
  ]) {
    const bytes = await client.blob(repository, blob);
    if (bytes === undefined || (await digestOf(bytes)) !== blob) throw lost(repository, blob);
  }
}

async function digestOf(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return `sha256:${Buffer.from(hash).toString("hex")}`;
}

const lost = (repository: string, digest: string) =>
  new Error(
    `${repository}@${digest} cannot be pulled after the clean-up; push the image again, and keep the registry's log: docker logs registry`,
  );

/** What a clean-up removes, for people. */
export function planText({ listing, plan }: CleanUp, knowsUse: boolean): string {
  const lines = plan.expired.map(
    ({ tag, rule }) => `- ${tag.repository}:${tag.name}  (rule for ${rule.repositories})`,
  );
  const sum = [
    count(plan.expired.length, "tag"),
    count(plan.untagged.length, "manifest") + " without a tag",
    `${count(plan.blobs, "blob")}, ${sizeText(plan.bytes)}`,
  ];
  const unknown =
    plan.expired.length > 0 && !knowsUse
      ? [
          "No cluster is configured, so it is not known whether a Pod uses these tags (`kubernetes.kubeconfig` names one).",
        ]
      : [];
  const free = listing.disk === undefined ? "" : `; free now: ${sizeText(listing.disk.free)}`;
  return [...lines, ...unknown, `To remove: ${sum.join(", ")}${free}`, ""].join("\n");
}
