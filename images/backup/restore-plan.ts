import type { RegistryClient } from "../../registry/client";
import { inParallel } from "../../registry/pool";
import { byRepository } from "../listing";
import { closureOf, type Root, rootName } from "./layout";
import type { Archive } from "./read-archive";

const PARALLEL = 8;

/** What one repository lacks. */
export interface RepositoryPlan {
  readonly repository: string;
  readonly blobs: readonly string[];
  /** Children before the indexes that list them. */
  readonly manifests: readonly string[];
  readonly tags: readonly Root[];
  /** How many tags it has already. */
  readonly present: number;
}

/** A tag that the registry has with other content. */
export interface Conflict {
  readonly name: string;
  readonly inRegistry: string;
  readonly inArchive: string;
}

export interface RestorePlan {
  readonly repositories: readonly RepositoryPlan[];
  readonly conflicts: readonly Conflict[];
  /** The repositories that have a blob already, for those that lack it. */
  readonly holders: ReadonlyMap<string, string>;
}

/** Asks the registry what it lacks of an archive. Changes nothing. */
export async function planRestore(client: RegistryClient, archive: Archive): Promise<RestorePlan> {
  const conflicts: Conflict[] = [];
  const holders = new Map<string, string>();
  const repositories: RepositoryPlan[] = [];
  for (const [repository, roots] of byRepository(archive.roots)) {
    const closure = closureOf(
      archive.manifests,
      roots.map(({ digest }) => digest),
    );
    const tagged = roots.filter((root) => root.tag !== undefined);
    const tags = await inParallel(tagged, PARALLEL, async (root) => {
      const inRegistry = await client.digest(repository, root.tag!);
      if (inRegistry === root.digest) return undefined;
      if (inRegistry !== undefined)
        conflicts.push({ name: rootName(root), inRegistry, inArchive: root.digest });
      return root;
    });
    const manifests = await inParallel([...closure.manifests], PARALLEL, async (digest) =>
      (await client.digest(repository, digest)) === undefined ? digest : undefined,
    );
    const wanted = [...closure.blobs.keys()].filter((digest) => archive.sizes.has(digest));
    const blobs = await inParallel(wanted, PARALLEL, async (digest) => {
      if ((await client.blobSize(repository, digest)) === undefined) return digest;
      holders.set(digest, repository);
      return undefined;
    });
    const lacking = tags.filter((root) => root !== undefined);
    repositories.push({
      repository,
      blobs: blobs.filter((digest) => digest !== undefined),
      manifests: manifests.filter((digest) => digest !== undefined),
      tags: lacking,
      present: tags.length - lacking.length,
    });
  }
  return { repositories, conflicts, holders };
}
