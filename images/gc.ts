import { RegistryError } from "../registry/error";
import type { RegistryClient } from "../registry/client";
import { sizeText } from "../registry/size-text";
import { idleRules, type RetentionRule } from "./retention";
import type { InUse } from "./in-use";
import { hashFor } from "./backup/verified";
import { GcSession } from "./gc-session";
import type { Listing } from "./listing";
import { type Plan, planCleanUp } from "./plan";
import { readHost } from "./read-host";
import type { RegistrySession } from "./registry-session";
import { count } from "./words";

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
): Promise<CleanUp> {
  const listing = await readHost(session.connection, session.host);
  if (!listing.container.running)
    throw new Error(`${session.host.name}: the registry does not run; run: npm run up`);
  const trouble = whyNoCleanUp(listing);
  if (trouble !== undefined) throw new Error(`${session.host.name}: ${trouble}`);
  // Without a cluster, nothing is known to be used.
  const isUsed = (repository: string, tag: string | undefined, digests: readonly string[]) =>
    inUse !== undefined && inUse.usersOf(repository, tag, digests).length > 0;
  const plan = await planCleanUp(session.client, listing, rules, listing.now, isUsed);
  return { listing, plan };
}

/** Why a registry that runs cannot be cleaned up; undefined if it can. */
export function whyNoCleanUp({ container: { env }, folder, version }: Listing): string | undefined {
  if (folder === undefined)
    return "the registry has no volume at /var/lib/registry, so its files cannot be cleaned up";
  const elsewhere = Object.entries(env).find(
    ([name, value]) =>
      (name === "REGISTRY_STORAGE" && value !== "filesystem") ||
      (name === "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY" &&
        value.replace(/\/+$/, "") !== "/var/lib/registry"),
  );
  if (elsewhere !== undefined)
    return `the registry's images are not in its volume: its environment has ${elsewhere.join("=")}; a clean-up knows the files in /var/lib/registry only`;
  if (version === undefined)
    return "`registry --version` does not run in the registry's container, and a clean-up needs this program; set registry.image to an image of distribution, such as registry:3";
  return undefined;
}

/** The repositories that are pushed to at this moment. */
export function pushesNow({ uploads, now }: Listing): string[] {
  const fresh = uploads.filter(({ changed }) => changed > now - FRESH);
  return [...new Set(fresh.map(({ repository }) => repository))].sort();
}

/** What a clean-up removed. */
export interface CleanedUp {
  readonly plan: Plan;
  /** How many blobs the garbage collection removed. */
  readonly removed: number;
}

/** Somebody ended a clean-up, and the registry runs as before. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/**
 * Does what `shown` says: makes the registry read-only, removes, collects garbage, starts the registry as it was, and
 * pulls one image that was kept. What has been pushed or used since `shown` stays.
 *
 * @param interrupted ends the clean-up after the step that runs
 * @throws Interrupted when the host has started the registry as it was
 */
export async function cleanUp(
  session: RegistrySession,
  shown: CleanUp,
  again: () => Promise<CleanUp>,
  say: (line: string) => void,
  interrupted: AbortSignal,
): Promise<CleanedUp> {
  const { client, connection, host } = session;
  const run = await GcSession.open(connection, host, shown.listing);
  const work = async (): Promise<CleanedUp> => {
    await run.readOnly();
    await answers(client);
    await provesReadOnly(client);
    say("the registry is read-only: pulls go on, pushes are refused");
    const plan = common(shown.plan, (await again()).plan);
    const removed = await run.cleanUp(plan);
    say(`garbage collected: ${count(removed, "blob")}`);
    await run.restart();
    await run.close();
    await answers(client);
    say("the registry takes pushes again");
    await proves(session, plan, say);
    return { plan, removed };
  };
  const left = new Promise<never>((_resolve, reject) => {
    const leave = () => reject(new Interrupted("the clean-up was interrupted"));
    if (interrupted.aborted) leave();
    else interrupted.addEventListener("abort", leave, { once: true });
  });
  try {
    return await Promise.race([work(), left]);
  } catch (error) {
    await run.close();
    if (error instanceof Interrupted) await answers(client);
    throw error;
  }
}

/** Pulls an image that was kept. */
async function proves(
  { client, prefix }: RegistrySession,
  { proof }: Plan,
  say: (line: string) => void,
): Promise<void> {
  if (proof === undefined) return;
  await pullAll(client, proof.repository, proof.digest);
  say(`pulled ${prefix}/${proof.repository}:${proof.name}, which was kept, byte for byte`);
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
    if (bytes === undefined || hashFor(blob).update(bytes).digest("hex") !== blob.split(":")[1])
      throw lost(repository, blob);
  }
}

const lost = (repository: string, digest: string) =>
  new Error(
    `${repository}@${digest} cannot be pulled after the clean-up; push the image again, and keep the registry's log: docker logs registry`,
  );

/** What a clean-up removes, for people. */
export function planText(
  { listing, plan }: CleanUp,
  rules: readonly RetentionRule[],
  knowsUse: boolean,
): string {
  const idle = idleRules(listing.repositories, rules);
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
  return [...idle, ...lines, ...unknown, `To remove: ${sum.join(", ")}${free}`, ""].join("\n");
}
