import { RegistryClient } from "../../registry/client";
import { readImage } from "../../registry/image";
import { inParallel } from "../../registry/pool";
import type { Transport } from "../../registry/transport";
import type { PageInfo, PodsAnswer } from "../page-info";
import { NoAnswer } from "./fetch-transport";
import { type Depth, Reading, tagKey, type TagKey } from "./reading";
import { type ReadImage, RepositoryState } from "./repository-state";

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
  repositories: ReadonlyMap<string, RepositoryState> | undefined;
  /** The number of repositories in the catalog, and of those whose tags are listed. */
  progress = { listed: 0, all: 0 };
  /** Why nothing more can be read. */
  outage: string | undefined;
  private readonly imagesRunning = new Map<string, Promise<ReadImage>>();
  private readonly listeners = new Set<() => void>();
  private toldBusy = true;
  private news: ReturnType<typeof setTimeout> | undefined;
  private readonly reading = new Reading(
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

  /** Whether something is read that will be shown. */
  get isBusy(): boolean {
    return this.outage === undefined && (this.repositories === undefined || this.reading.isBusy);
  }

  /** Reads the catalog, all lists of tags and the Pods, again if they were read before. */
  async reload(): Promise<void> {
    this.outage = undefined;
    this.reading.forget();
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
    try {
      const repository = await this.listTags(name);
      this.repositories = new Map(this.repositories).set(name, repository);
    } catch (error) {
      this.stop(error as Error);
    }
    this.changed();
  }

  /**
   * Reads the images of these tags first, as long as they are on the screen.
   *
   * @returns the function for when they leave it
   */
  show(name: string, tags: readonly string[]): () => void {
    const leave = this.reading.show(tags.map((tag) => tagKey(name, tag)));
    this.tellIfBusy();
    return leave;
  }

  /** Begins to read tags of a repository. @param tags @default all of them */
  want(name: string, depth: Depth, tags?: readonly string[]): void {
    const keys = (tags ?? this.repositories?.get(name)?.tags ?? []).map((tag) => tagKey(name, tag));
    this.reading.want(keys, depth);
    this.tellIfBusy();
  }

  /** That a reading begins is told at once, also to screen readers. */
  private tellIfBusy(): void {
    if (this.isBusy && !this.toldBusy) this.tell();
  }

  private of(key: TagKey): { repository: RepositoryState | undefined; tag: string } {
    const [name = "", tag = ""] = key.split(" ");
    return { repository: this.repositories?.get(name), tag };
  }

  /** Nothing is read of a repository that is gone. */
  private isKnown(key: TagKey, depth: Depth): boolean {
    const { repository, tag } = this.of(key);
    return repository === undefined || repository.isKnown(tag, depth);
  }

  private async readTag(key: TagKey, depth: Depth): Promise<void> {
    const { repository, tag } = this.of(key);
    if (repository === undefined) return;
    try {
      const digest = repository.tag(tag).digest ?? (await this.client.digest(repository.name, tag));
      if (digest === undefined)
        repository.learnTrouble(tag, "This tag has no manifest. Was it deleted in the meantime?");
      else {
        repository.learnDigest(tag, digest);
        if (depth === "image") await this.readImage(repository, digest);
      }
    } catch (error) {
      if (error instanceof NoAnswer) this.stop(error);
      else repository.learnTrouble(tag, (error as Error).message);
    }
    this.changed();
  }

  private async readImage(repository: RepositoryState, digest: string): Promise<void> {
    if (repository.hasImage(digest)) return;
    // Many tags may have the same digest.
    const key = `${repository.name}@${digest}`;
    let running = this.imagesRunning.get(key);
    if (running === undefined) {
      running = this.imageOf(repository.name, digest);
      this.imagesRunning.set(key, running);
      const done = () => this.imagesRunning.delete(key);
      running.then(done, done);
    }
    repository.learnImage(digest, await running);
  }

  private async imageOf(repository: string, digest: string): Promise<ReadImage> {
    try {
      const image = await readImage(this.client, repository, digest);
      return image === undefined ? { trouble: "The registry lost this manifest." } : { image };
    } catch (error) {
      if (error instanceof NoAnswer) throw error;
      return { trouble: (error as Error).message };
    }
  }

  private async listTags(name: string): Promise<RepositoryState> {
    const known = this.repositories?.get(name) ?? new RepositoryState(name, []);
    try {
      return known.listed(await this.client.tags(name));
    } catch (error) {
      if (error instanceof NoAnswer) throw error;
      return known.listed([], (error as Error).message);
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
      this.tell();
    }, BETWEEN_NEWS);
  }

  private tell(): void {
    this.toldBusy = this.isBusy;
    this.listeners.forEach((listener) => listener());
  }
}
