import type { CriImage } from "../cri/client";
import { plainWord } from "./commands";

/** The runtime itself has to remove the image. */
export const BY_RUNTIME = "by the runtime";

/**
 * What takes a pull back. The runtime removes an image with all of its names, also with those that it had before the pull. So
 * it may do that only for an image that is new; of any other one, ctr takes away the new names.
 *
 * @param before the images of the node before the pull
 * @param pulled the image that the pulled name leads to now
 * @returns BY_RUNTIME, or a command for the node; undefined if there is nothing to do
 */
export function undoOf(before: readonly CriImage[], pulled: CriImage): string | undefined {
  const names = [...pulled.repoTags, ...pulled.repoDigests];
  const owner = (name: string) =>
    before.find(({ repoTags, repoDigests }) => [...repoTags, ...repoDigests].includes(name));
  const isNew = before.every(({ id }) => id !== pulled.id);
  const added = names.filter((name) => owner(name) === undefined);
  // A tag that led to another image, which stays on the node without it.
  const moved = names.flatMap((name) => {
    const id = owner(name)?.id;
    return id === undefined || id === pulled.id ? [] : [{ name, id }];
  });
  if (isNew && moved.length === 0) return BY_RUNTIME;
  // containerd has each image under its id, too.
  const gone = [...added, ...(isNew ? [pulled.id] : [])];
  const commands = [
    ...moved.map(({ name, id }) => ctr("tag", "--force", id, name)),
    ...(gone.length === 0 ? [] : [ctr("rm", ...gone)]),
  ];
  return commands.length === 0 ? undefined : commands.join(" && ");
}

const ctr = (...words: string[]) => ["ctr -n k8s.io images", ...words.map(plainWord)].join(" ");
