import { compareTags } from "../../registry/tag-order";
import type { TagRow } from "./repository-state";
import { timeOf } from "./text";

export type SortKey = "name" | "version" | "date" | "size";

export interface Sort {
  readonly by: SortKey;
  readonly descending: boolean;
}

/** Tags that are not images by themselves, such as `sha256-....sig`, stand behind all others. */
const COSIGN = /^sha256-([0-9a-f]{64})(\.(sig|att|sbom))?$/;

/** The digest that a tag of cosign's naming belongs to; undefined for any other tag. */
export function companionOf(tag: string): string | undefined {
  const hex = COSIGN.exec(tag)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

/** Sorts the names of tags. `sizeOf` and the date of `tag` are asked only for an order that needs them. */
export function sortTags(
  names: readonly string[],
  { by, descending }: Sort,
  tag: (name: string) => TagRow,
  sizeOf: (row: TagRow) => number | undefined,
): string[] {
  const [companions, others] = [
    names.filter((name) => companionOf(name) !== undefined),
    names.filter((name) => companionOf(name) === undefined),
  ];
  return [companions, others]
    .map((part) => sorted(part, { by, descending }, tag, sizeOf))
    .reverse()
    .flat();
}

function sorted(
  names: string[],
  { by, descending }: Sort,
  tag: (name: string) => TagRow,
  sizeOf: (row: TagRow) => number | undefined,
): string[] {
  const sign = descending ? -1 : 1;
  if (by === "name") return names.sort((a, b) => sign * (a < b ? -1 : 1));
  if (by === "version") return names.sort((a, b) => sign * compareTags(a, b));
  const values = new Map(
    names.map((name) => {
      const row = tag(name);
      return [name, by === "date" ? timeOf(row.image?.created) : sizeOf(row)];
    }),
  );
  return names.sort((a, b) => {
    const [x, y] = [values.get(a), values.get(b)];
    // What has no date stands last in both directions.
    if (x === undefined || y === undefined)
      return x === y ? compareTags(b, a) : x === undefined ? 1 : -1;
    return x === y ? compareTags(b, a) : sign * (x - y);
  });
}
