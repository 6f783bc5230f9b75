import { sizeText } from "../registry/size-text";

/** The share of free space below which there is a warning. */
const LOW = 0.1;

/**
 * A warning if the registry's volume has little space left; undefined if it has enough.
 *
 * @param disk the file system of the volume, in bytes
 * @param folder the volume, or its folder on the host
 */
export function lowDisk(
  { size, free }: { readonly size: number; readonly free: number },
  folder: string,
): string | undefined {
  if (free >= size * LOW) return undefined;
  const percent = Math.floor((100 * free) / size);
  return (
    `only ${sizeText(free)} (${percent} %) are free for the registry in ${folder}; ` +
    "a full disk ends every push: see what `npm run gc -- --dry-run` would free"
  );
}
