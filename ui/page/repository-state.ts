import { contentOf, type Image } from "../../registry/image";
import type { Depth } from "./reading";

/** A tag, as far as it is known. */
export interface TagRow {
  readonly name: string;
  readonly digest?: string;
  readonly image?: Image;
  /** Why its image cannot be shown. */
  readonly trouble?: string;
}

/** The image of a digest, or why it cannot be shown. */
export type ReadImage = Pick<TagRow, "image" | "trouble">;

/** What is known of one repository. Its counts and sums grow with what is read: with 10,000 tags, counting is too slow. */
export class RepositoryState {
  private readonly digests = new Map<string, string>();
  private readonly byDigest = new Map<string, string[]>();
  private readonly troubles = new Map<string, string>();
  /** Each blob once. */
  private readonly content = new Map<string, number>();
  private readonly counted = new Set<string>();
  private knownImages = 0;
  private sum = 0;

  /**
   * @param trouble why its tags could not be listed
   * @param images the images that are known already, by digest: a digest never changes its content
   */
  constructor(
    readonly name: string,
    readonly tags: readonly string[],
    readonly trouble?: string,
    private readonly images = new Map<string, ReadImage>(),
  ) {}

  /** The same repository with tags that were listed anew. What is known of digests is kept, except troubles. */
  listed(tags: readonly string[], trouble?: string): RepositoryState {
    const images = [...this.images].filter(([, { image }]) => image !== undefined);
    return new RepositoryState(this.name, tags, trouble, new Map(images));
  }

  tag(name: string): TagRow {
    const digest = this.digests.get(name);
    const trouble = this.troubles.get(name);
    return {
      name,
      ...(trouble !== undefined && { trouble }),
      ...(digest !== undefined && { digest, ...this.images.get(digest) }),
    };
  }

  /** The tags that name this digest, as far as digests are known. */
  tagsOf(digest: string): readonly string[] {
    return this.byDigest.get(digest) ?? [];
  }

  /** The number of tags that are read. A tag with trouble is read. */
  known(depth: Depth): number {
    return this.troubles.size + (depth === "digest" ? this.digests.size : this.knownImages);
  }

  isKnown(name: string, depth: Depth): boolean {
    if (this.troubles.has(name)) return true;
    const digest = this.digests.get(name);
    return digest !== undefined && (depth === "digest" || this.images.has(digest));
  }

  hasImage(digest: string): boolean {
    return this.images.has(digest);
  }

  /** The size of all images that are read, each blob once. */
  get bytes(): number {
    return this.sum;
  }

  /** The blobs of all images that are read, with their sizes. */
  get blobs(): ReadonlyMap<string, number> {
    return this.content;
  }

  learnDigest(name: string, digest: string): void {
    if (this.digests.has(name)) return;
    this.digests.set(name, digest);
    const same = this.byDigest.get(digest);
    if (same === undefined) this.byDigest.set(digest, [name]);
    else same.push(name);
    const known = this.images.get(digest);
    if (known === undefined) return;
    this.knownImages++;
    this.count(digest, known);
  }

  learnImage(digest: string, read: ReadImage): void {
    if (this.images.has(digest)) return;
    this.images.set(digest, read);
    this.knownImages += this.tagsOf(digest).length;
    if (this.byDigest.has(digest)) this.count(digest, read);
  }

  learnTrouble(name: string, trouble: string): void {
    if (!this.digests.has(name)) this.troubles.set(name, trouble);
  }

  private count(digest: string, { image }: ReadImage): void {
    if (image === undefined || this.counted.has(digest)) return;
    this.counted.add(digest);
    for (const [blob, size] of contentOf(image)) {
      if (this.content.has(blob)) continue;
      this.content.set(blob, size);
      this.sum += size;
    }
  }
}
