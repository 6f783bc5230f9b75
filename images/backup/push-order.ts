import { compareTags } from "../../registry/tag-order";
import { byRepository, type StoredTag } from "../listing";
import { type Root, rootName } from "./layout";

/**
 * Sorts the tags of each repository: the one that was pushed last comes last. A restore pushes them in this order, so that
 * `keepLast` of `retention` goes on to keep the newest. Tags with the same time are in the order of versions.
 *
 * @param stored the tags of the registry's volume; empty if it cannot be read
 */
export function inPushOrder(roots: readonly Root[], stored: readonly StoredTag[]): Root[] {
  const byName = new Map(stored.map((tag) => [rootName({ ...tag, tag: tag.name }), tag]));
  const timeOf = (root: Root) => {
    const found = byName.get(rootName(root));
    // With another digest, it was pushed after the volume was read.
    return found?.digest === root.digest ? found.pushed : Infinity;
  };
  return [...byRepository(roots).values()].flatMap((own) =>
    own
      .map((root) => ({ root, tag: root.tag!, time: timeOf(root) }))
      .sort((a, b) => compareTimes(a.time, b.time) || compareTags(a.tag, b.tag))
      .map(({ root }) => root),
  );
}

/** Also of two that are infinite, whose difference is no number. */
const compareTimes = (a: number, b: number) => (a < b ? -1 : a > b ? 1 : 0);
