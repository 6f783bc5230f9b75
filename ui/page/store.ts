import { RegistryClient } from "../../registry/client";
import { type Image, readImage } from "../../registry/image";
import { inParallel } from "../../registry/pool";
import type { Transport } from "../../registry/transport";
import type { PageInfo, PodsAnswer } from "../page-info";
import { NoAnswer } from "./fetch-transport";
import { type Depth, Reading, tagKey, type TagKey } from "./reading";

/** A tag, as far as it is known. */
export interface TagRow {
  readonly name: string;
  readonly digest?: string;
  readonly image?: Image;
  /** Why its image cannot be shown. */
  readonly trouble?: string;
}

export interface Repository {
  readonly name: string;
  readonly tags: readonly string[];
  /** Why its tags could not be listed. */
  readonly trouble?: string;
}

/** The requests at the same time. */
export const PARALLEL = 8;

/** Listeners are told of many small changes at once. */
const BETWEEN_NEWS = 60;

/**
 * Everything that the page knows of the registry. Images are kept by digest, because a digest never changes its content.
 */
export class Store {
  readonly client: RegistryClient;
  pods: PodsAnswer = { state: "no cluster" };
  /** Undefined until the catalog is read. */
  repositories: ReadonlyMap<string, Repository> | undefined;
  /** The number of repositories in the catalog, and of those whose tags are listed. */
  progress = { listed: 0, all: 0 };
  /** Why nothing more can be read. */
  outage: string | undefined;
  private readonly digests = new Map<TagKey, string>();
  private readonly images = new Map<string, Pick<TagRow, "image" | "trouble">>();
  private readonly troubles = new Map<TagKey, string>();
  private readonly listeners = new Set<() => void>();
  private news: ReturnType<typeof setTimeout> | undefined;
  readonly reading = new Reading(
    PARALLEL,
    (key, depth) => this.isKnown(key, depth),
    (key, depth) => this.readTag(key, depth),
  );

  constructor(
    readonly info: PageInfo,
    transport: Transport,
    private readonly askPods: () => Promise<PodsAnswer>,
  ) {
    this.client = new RegistryClient(transport);
  }

  /** @returns the function that ends the subscription */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Reads the catalog, all lists of tags and the Pods, again if they were read before. */
  async reload(): Promise<void> {
    this.outage = undefined;
    this.reading.forget();
    this.digests.clear();
    this.troubles.clear();
    for (const [key, { trouble }] of this.images)
      if (trouble !== undefined) this.images.delete(key);
    const pods = this.readPods();
    try {
      const names = await this.client.repositories();
      this.progress = { listed: 0, all: names.length };
      const found = await inParallel(names, PARALLEL, async (name) => {
        const repository = await this.listTags(name);
        this.progress = { ...this.progress, listed: this.progress.listed + 1 };
        this.changed();
        return repository;
      });
      this.repositories = new Map(found.map((each) => [each.name, each]));
      this.reading.resume();
    } catch (error) {
      this.stop(error as Error);
    }
    await pods;
    this.changed();
  }

  /** Lists the tags of one repository again, for example after a deletion. */
  async reloadTags(name: string): Promise<void> {
    for (const key of this.digests.keys())
      if (key.startsWith(`${name} `)) this.digests.delete(key);
    try {
      const repository = await this.listTags(name);
      this.repositories = new Map(this.repositories).set(name, repository);
    } catch (error) {
      this.stop(error as Error);
    }
    this.changed();
  }

  tag(repository: string, name: string): TagRow {
    const key = tagKey(repository, name);
    const digest = this.digests.get(key);
    const trouble = this.troubles.get(key);
    return {
      name,
      ...(trouble !== undefined && { trouble }),
      ...(digest !== undefined && { digest, ...this.images.get(`${repository}@${digest}`) }),
    };
  }

  /** The tags of a repository that name this digest, as far as their digests are known. */
  tagsOf(repository: string, digest: string): string[] {
    const names = this.repositories?.get(repository)?.tags ?? [];
    return names.filter((name) => this.digests.get(tagKey(repository, name)) === digest);
  }

  /** The number of a repository's tags that are read so far. */
  knownTags(repository: string, depth: Depth): number {
    const names = this.repositories?.get(repository)?.tags ?? [];
    return names.filter((name) => this.isKnown(tagKey(repository, name), depth)).length;
  }

  /** Begins to read all tags of a repository. */
  wantAll(repository: string, depth: Depth): void {
    const names = this.repositories?.get(repository)?.tags ?? [];
    this.reading.want(
      names.map((name) => tagKey(repository, name)),
      depth,
    );
  }

  private isKnown(key: TagKey, depth: Depth): boolean {
    if (this.troubles.has(key)) return true;
    const digest = this.digests.get(key);
    if (digest === undefined) return false;
    return depth === "digest" || this.images.has(`${key.split(" ")[0]}@${digest}`);
  }

  private async readTag(key: TagKey, depth: Depth): Promise<void> {
    const [repository = "", name = ""] = key.split(" ");
    try {
      const digest = this.digests.get(key) ?? (await this.client.digest(repository, name));
      if (digest === undefined)
        this.troubles.set(key, "This tag has no manifest. Was it deleted in the meantime?");
      else {
        this.digests.set(key, digest);
        if (depth === "image") await this.readImage(repository, digest);
      }
    } catch (error) {
      if (error instanceof NoAnswer) this.stop(error);
      else this.troubles.set(key, (error as Error).message);
    }
    this.changed();
  }

  private async readImage(repository: string, digest: string): Promise<void> {
    const key = `${repository}@${digest}`;
    if (this.images.has(key)) return;
    try {
      const image = await readImage(this.client, repository, digest);
      this.images.set(
        key,
        image === undefined ? { trouble: "The registry lost this manifest." } : { image },
      );
    } catch (error) {
      if (error instanceof NoAnswer) throw error;
      this.images.set(key, { trouble: (error as Error).message });
    }
  }

  private async listTags(name: string): Promise<Repository> {
    try {
      return { name, tags: await this.client.tags(name) };
    } catch (error) {
      if (error instanceof NoAnswer) throw error;
      return { name, tags: [], trouble: (error as Error).message };
    }
  }

  private async readPods(): Promise<void> {
    try {
      this.pods = await this.askPods();
    } catch (error) {
      this.pods = { state: "error", message: (error as Error).message };
    }
  }

  private stop(error: Error): void {
    this.outage = error.message;
    this.reading.pause();
    this.changed();
  }

  private changed(): void {
    this.news ??= setTimeout(() => {
      this.news = undefined;
      this.listeners.forEach((listener) => listener());
    }, BETWEEN_NEWS);
  }
}
