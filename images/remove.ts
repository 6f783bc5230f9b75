import type { RegistryClient } from "../registry/client";
import { deleteTag } from "../registry/delete-tag";
import { readImage } from "../registry/image";
import { inParallel } from "../registry/pool";
import type { InUse } from "./in-use";

/** A tag that is to be removed. */
export interface RemovedTag {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  /** The tags that keep the digest. */
  readonly others: readonly string[];
  /** Undefined without a cluster. */
  readonly usedBy?: readonly string[];
}

const PARALLEL = 8;

/**
 * Looks for the tags that are to be removed. Changes nothing.
 *
 * @param names `REPOSITORY:TAG`
 * @throws Error that names every name which is not a tag of the registry
 */
export async function planRemoval(
  client: RegistryClient,
  names: readonly string[],
  inUse: InUse | undefined,
): Promise<RemovedTag[]> {
  const wanted = [...new Set(names)].map(parseName);
  const troubles = wanted.flatMap((each) => ("trouble" in each ? [each.trouble] : []));
  const parsed = wanted.flatMap((each) => ("trouble" in each ? [] : [each]));
  const digests = new Map<string, Map<string, string>>();
  for (const repository of new Set(parsed.map((each) => each.repository)))
    digests.set(repository, await digestsByTag(client, repository));
  const found = parsed.flatMap(({ repository, tag }) => {
    const own = digests.get(repository)!;
    const digest = own.get(tag);
    if (digest !== undefined) return [{ repository, tag, digest, own }];
    troubles.push(
      `${repository}:${tag} is not in the registry; \`npm run images -- ls\` lists what is`,
    );
    return [];
  });
  if (troubles.length > 0) throw new Error(troubles.join("\n"));
  return Promise.all(
    found.map(async ({ repository, tag, digest, own }) => {
      const goes = (name: string) =>
        found.some((each) => each.repository === repository && each.tag === name);
      const others = [...own].flatMap(([name, other]) =>
        other === digest && !goes(name) ? [name] : [],
      );
      if (inUse === undefined) return { repository, tag, digest, others };
      const image = await readImage(client, repository, digest);
      const below = image?.platforms.map(({ manifest }) => manifest.digest) ?? [];
      // A digest that another tag keeps can still be pulled.
      const lost = others.length > 0 ? [] : [digest, ...below];
      return { repository, tag, digest, others, usedBy: inUse.usersOf(repository, tag, lost) };
    }),
  );
}

/** Removes the tags that still have their digest, and returns their names. A tag that was pushed meanwhile stays. */
export async function removeTags(
  client: RegistryClient,
  tags: readonly RemovedTag[],
): Promise<string[]> {
  const removed: string[] = [];
  // One after the other: distribution 2 removes a tag through a placeholder, which two tags would share.
  for (const { repository, tag, digest } of tags) {
    if ((await client.digest(repository, tag)) !== digest) continue;
    if (await deleteTag(client, repository, tag)) removed.push(`${repository}:${tag}`);
  }
  return removed;
}

/** What goes and what stays, for people. */
export function removalText(tags: readonly RemovedTag[], prefix: string): string {
  const lines = tags.flatMap(({ repository, tag, digest, others, usedBy }) => [
    `- ${prefix}/${repository}:${tag}  (${digest.slice(0, 19)})`,
    ...(others.length > 0 ? [`    the same image stays as ${others.join(", ")}`] : []),
    ...(usedBy !== undefined && usedBy.length > 0
      ? [
          `    warning: used by ${usedBy.join(", ")}: a new Pod on another node cannot pull it any more`,
        ]
      : []),
  ]);
  return `${lines.join("\n")}\n`;
}

async function digestsByTag(
  client: RegistryClient,
  repository: string,
): Promise<Map<string, string>> {
  const tags = await client.tags(repository);
  const pairs = await inParallel(tags, PARALLEL, async (tag) => ({
    tag,
    digest: await client.digest(repository, tag),
  }));
  return new Map(pairs.flatMap(({ tag, digest }) => (digest === undefined ? [] : [[tag, digest]])));
}

function parseName(name: string): { repository: string; tag: string } | { trouble: string } {
  if (name.includes("@"))
    return { trouble: `${name}: expected NAME:TAG, found a digest: every tag of it would go` };
  const [, repository, tag] =
    /^([a-z0-9][a-z0-9._/-]*):([A-Za-z0-9_][A-Za-z0-9_.-]*)$/.exec(name) ?? [];
  if (repository === undefined || tag === undefined)
    return { trouble: `${name}: expected NAME:TAG such as app/web:1.0` };
  return { repository, tag };
}
