import { lowDisk } from "../decision/disk";
import type { ObservedTimer } from "../observation/timer";
import { sizeOf } from "../registry/image";
import { platformText } from "../registry/manifest";
import { sizeText } from "../registry/size-text";
import { bytesOfTags, type Tag } from "../registry/survey";
import { compareTags } from "../registry/tag-order";
import type { InUse } from "./in-use";
import { byRepository, type Listing } from "./listing";
import { timerText } from "./timer";
import { count, table } from "./words";

/** One tag, as `images ls` prints it. */
export interface TagRow {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly kind: string;
  readonly platforms: readonly string[];
  /** In bytes, each blob once. */
  readonly size?: number;
  readonly created?: string;
  /** Undefined without a cluster. */
  readonly usedBy?: readonly string[];
  readonly trouble?: string;
}

/** The tags in the order of repositories and versions. */
export function tagRows(tags: readonly Tag[], inUse: InUse | undefined): TagRow[] {
  const sorted = [...tags].sort(
    (a, b) => compareText(a.repository, b.repository) || compareTags(a.name, b.name),
  );
  return sorted.map((tag) => {
    const { repository, name, digest, image, trouble } = tag;
    const platforms = image === undefined ? [] : image.kind === "index" ? image.platforms : [image];
    return {
      repository,
      tag: name,
      digest,
      kind: image?.kind ?? "unreadable",
      platforms: platforms.flatMap(({ platform }) => (platform ? [platformText(platform)] : [])),
      ...(image !== undefined && { size: sizeOf(image) }),
      ...(image?.created !== undefined && { created: image.created }),
      ...(inUse !== undefined && { usedBy: inUse.usersOf(repository, name, digestsOf(tag)) }),
      ...(trouble !== undefined && { trouble }),
    };
  });
}

/** The digests that a pull of a tag can end with. */
export const digestsOf = ({ digest, image }: Tag) => [
  digest,
  ...(image?.platforms.map(({ manifest }) => manifest.digest) ?? []),
];

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The rows for people. */
export function rowsText(rows: readonly TagRow[], prefix: string): string {
  if (rows.length === 0) return `no images in ${prefix}\n`;
  const used = rows.some(({ usedBy }) => usedBy !== undefined);
  return table([
    ["IMAGE", "DIGEST", "KIND", "PLATFORMS", "SIZE", "CREATED", ...(used ? ["USED BY"] : [])],
    ...rows.map((row) => [
      `${prefix}/${row.repository}:${row.tag}`,
      row.digest.slice(0, 19),
      row.trouble === undefined ? row.kind : `${row.kind}: ${row.trouble}`,
      row.platforms.join(",") || "-",
      row.size === undefined ? "-" : sizeText(row.size),
      row.created?.slice(0, 10) ?? "-",
      ...(used ? [usersText(row.usedBy ?? [])] : []),
    ]),
  ]);
}

const usersText = ([first, ...others]: readonly string[]) =>
  first === undefined ? "-" : others.length === 0 ? first : `${first} and ${others.length} more`;

/** What the registry takes, and how it is. */
export interface Usage {
  readonly prefix: string;
  readonly version?: string;
  /** Undefined while the registry does not run. */
  readonly repositories?: readonly {
    readonly name: string;
    readonly tags: number;
    /** In bytes, each blob once. Repositories share blobs, so the sum can be more than the total. */
    readonly size: number;
  }[];
  /** The bytes that the tags need, each blob once. Undefined while the registry does not run. */
  readonly tagged?: number;
  /** The bytes of all blobs in the volume; undefined if they are not on the host. */
  readonly stored?: number;
  readonly disk?: { readonly size: number; readonly free: number };
  readonly errors: Listing["errors"];
  /** Undefined without the setting `gcTimer`. */
  readonly timer?: ObservedTimer;
  readonly warnings: readonly string[];
}

/** @param tags undefined while the registry does not run */
export function usageOf(
  prefix: string,
  tags: readonly Tag[] | undefined,
  listing: Listing,
  timer?: ObservedTimer,
): Usage {
  const { version, disk, errors, folder } = listing;
  const low = disk && lowDisk(disk, folder ?? "its volume");
  const stored = [...listing.blobs.values()].reduce((sum, size) => sum + size, 0);
  return {
    prefix,
    ...(version !== undefined && { version }),
    ...(tags !== undefined && {
      repositories: [...byRepository(tags)]
        .map(([name, own]) => ({ name, tags: own.length, size: bytesOfTags(own) }))
        .sort((a, b) => b.size - a.size || compareText(a.name, b.name)),
      tagged: bytesOfTags(tags),
    }),
    ...(folder !== undefined && { stored }),
    ...(disk !== undefined && { disk }),
    errors,
    ...(timer !== undefined && { timer }),
    warnings: low === undefined ? [] : [low],
  };
}

/** The usage for people. */
export function usageText(usage: Usage): string {
  const { prefix, version, repositories, tagged, stored, disk, errors, timer, warnings } = usage;
  const lines = [
    `${prefix}${version === undefined ? "" : ` (distribution ${version})`}`,
    ...(repositories === undefined || tagged === undefined
      ? []
      : [
          table([
            ["REPOSITORY", "TAGS", "SIZE"],
            ...repositories.map(({ name, tags, size }) => [name, String(tags), sizeText(size)]),
          ]).trimEnd(),
          `Tags need ${sizeText(tagged)}, each blob once.`,
        ]),
    ...(stored === undefined
      ? []
      : [
          `The volume has ${sizeText(stored)} in blobs${tagged === undefined ? "" : `; ${sizeText(Math.max(0, stored - tagged))} of them are not needed by a tag`}.`,
        ]),
    ...(disk === undefined ? [] : [`Free: ${sizeText(disk.free)} of ${sizeText(disk.size)}.`]),
    errors.count === 0
      ? "The registry logged no errors in the last 24 hours."
      : `The registry logged ${count(errors.count, "error")} in the last 24 hours. The last ones:`,
    ...errors.last.map((line) => `  ${line}`),
    ...(timer === undefined ? [] : [timerText(timer)]),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
  return `${lines.join("\n")}\n`;
}
