import type { RegistryClient } from "./client";
import { bytesOf, contentOf, type Image, readImage } from "./image";
import { inParallel } from "./pool";

/** The requests that run at the same time. */
const PARALLEL = 8;

/** A tag with what it names. */
export interface Tag {
  readonly repository: string;
  readonly name: string;
  readonly digest: string;
  /** Undefined if the tag's manifest cannot be read; then `trouble` says why. */
  readonly image?: Image;
  readonly trouble?: string;
}

/** Everything that a registry's API shows. */
export interface Survey {
  /** Tags in the order of repositories, then in the registry's order. */
  readonly tags: readonly Tag[];
  /** Repositories without any tag. */
  readonly empty: readonly string[];
}

/** Reads all tags of all repositories, or of those that are selected. Each digest is read once in each repository. */
export async function surveyRegistry(
  client: RegistryClient,
  selects: (repository: string) => boolean = () => true,
): Promise<Survey> {
  const repositories = (await client.repositories()).filter(selects);
  const listed = await inParallel(repositories, PARALLEL, async (repository) => ({
    repository,
    names: await client.tags(repository),
  }));
  const all = listed.flatMap(({ repository, names }) =>
    names.map((name) => ({ repository, name })),
  );
  const images = new Map<string, Promise<Pick<Tag, "image" | "trouble">>>();
  const tags = await inParallel(
    all,
    PARALLEL,
    async ({ repository, name }): Promise<Tag | undefined> => {
      const digest = await client.digest(repository, name);
      if (digest === undefined) return undefined; // It was deleted since the list was read.
      const key = `${repository}@${digest}`;
      let read = images.get(key);
      if (read === undefined) images.set(key, (read = imageOrTrouble(client, repository, digest)));
      return { repository, name, digest, ...(await read) };
    },
  );
  return {
    tags: tags.filter((tag) => tag !== undefined),
    empty: listed.filter(({ names }) => names.length === 0).map(({ repository }) => repository),
  };
}

/** One broken image must not hide the others. A registry that stops answering ends the survey at the next request. */
async function imageOrTrouble(
  client: RegistryClient,
  repository: string,
  digest: string,
): Promise<Pick<Tag, "image" | "trouble">> {
  try {
    const image = await readImage(client, repository, digest);
    return image === undefined ? { trouble: "the registry lost this manifest" } : { image };
  } catch (error) {
    return { trouble: (error as Error).message };
  }
}

/** The bytes that a set of tags takes, each blob once, also if repositories share it. */
export function bytesOfTags(tags: readonly Tag[]): number {
  const content = new Map<string, number>();
  for (const { image } of tags)
    if (image !== undefined)
      for (const [digest, size] of contentOf(image)) content.set(digest, size);
  return bytesOf(content);
}

/** The bytes that become free if `going` are deleted and the rest of `all` stays. */
export function bytesFreed(all: readonly Tag[], going: ReadonlySet<Tag>): number {
  return bytesOfTags(all) - bytesOfTags(all.filter((tag) => !going.has(tag)));
}
