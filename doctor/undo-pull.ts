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
  const had = before.find(({ id }) => id === pulled.id);
  const added = names.filter((name) => owner(name) === undefined);
  // A tag that led to another image, which stays on the node without it.
  const moved = names.flatMap((name) => {
    const id = owner(name)?.id;
    return id === undefined || id === pulled.id ? [] : [{ name, id }];
  });
  if (had === undefined && moved.length === 0) return BY_RUNTIME;
  // containerd has each image under its id, too. The id leads to the manifest that was pulled last, which may be another one.
  const gone = [...added, ...(had === undefined ? [pulled.id] : [])];
  const old = had && [...had.repoTags, ...had.repoDigests][0];
  const isOther = had !== undefined && digestsIn(pulled).length > digestsIn(had).length;
  const commands = [
    ...moved.map(({ name, id }) => ctr("tag", "--force", id, name)),
    ...(isOther && old !== undefined ? [ctr("tag", "--force", old, pulled.id)] : []),
    ...(gone.length === 0 ? [] : [ctr("rm", ...gone)]),
  ];
  return commands.length === 0 ? undefined : commands.join(" && ");
}

const digestsIn = ({ repoDigests }: CriImage) => [
  ...new Set(repoDigests.map((each) => each.slice(each.indexOf("@") + 1))),
];

const ctr = (...words: string[]) => ["ctr -n k8s.io images", ...words.map(plainWord)].join(" ");
