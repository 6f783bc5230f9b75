/** One tag, as a key: names of repositories and tags have no spaces. */
export type TagKey = string;

export const tagKey = (repository: string, tag: string): TagKey => `${repository} ${tag}`;

/** What is read of a tag: only its digest, or its image as well. */
export type Depth = "digest" | "image";

/**
 * The order in which tags are read. What is on the screen comes first, and is forgotten when it leaves the screen.
 * What somebody asked for as a whole comes behind it.
 */
export class Reading {
  private onScreen: TagKey[] = [];
  private readonly later = new Map<TagKey, Depth>();
  private readonly running = new Set<TagKey>();
  private paused = false;

  /**
   * @param limit the tags that are read at the same time
   * @param isKnown whether a tag needs no reading
   * @param read reads one tag; it must not fail
   */
  constructor(
    private readonly limit: number,
    private readonly isKnown: (key: TagKey, depth: Depth) => boolean,
    private readonly read: (key: TagKey, depth: Depth) => Promise<void>,
  ) {}

  /** Whether something is read, or waits to be read. */
  get isBusy(): boolean {
    return this.running.size > 0 || this.onScreen.length > 0 || this.later.size > 0;
  }

  /**
   * Replaces the tags that are on the screen.
   *
   * @returns the function for when they leave it. A view may leave after the next one has come.
   */
  show(keys: readonly TagKey[]): () => void {
    const shown = keys.filter((key) => !this.isKnown(key, "image"));
    this.onScreen = shown;
    this.goOn();
    return () => {
      if (this.onScreen === shown) this.onScreen = [];
    };
  }

  /** Adds tags to be read behind those on the screen. */
  want(keys: readonly TagKey[], depth: Depth): void {
    for (const key of keys)
      if (!this.isKnown(key, depth) && this.later.get(key) !== "image") this.later.set(key, depth);
    this.goOn();
  }

  /** Forgets what is not running yet. */
  forget(): void {
    this.onScreen = [];
    this.later.clear();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.goOn();
  }

  private goOn(): void {
    while (!this.paused && this.running.size < this.limit) {
      const next = this.next();
      if (next === undefined) return;
      const [key, depth] = next;
      this.running.add(key);
      void this.read(key, depth).then(() => {
        this.running.delete(key);
        // After an outage, the tag is read again.
        if (!this.isKnown(key, depth) && this.paused) this.later.set(key, depth);
        this.goOn();
      });
    }
  }

  private next(): [TagKey, Depth] | undefined {
    for (let key = this.onScreen.shift(); key !== undefined; key = this.onScreen.shift()) {
      if (this.isKnown(key, "image")) continue;
      if (!this.running.has(key)) return [key, "image"];
      this.later.set(key, "image"); // Perhaps only its digest is being read.
    }
    for (const [key, depth] of this.later) {
      if (this.running.has(key)) continue;
      this.later.delete(key);
      if (!this.isKnown(key, depth)) return [key, depth];
    }
    return undefined;
  }
}
