/**
 * The state while an operation runs. Steps record what they begin and what they have done, and the journal writes the
 * file. Writes are grouped: a request that comes during a write shares the next one, and resolves when it is on the
 * disk.
 */
import { integrityError } from "./integrity";
import {
  dependenciesOf,
  parseReference,
  withReferences,
  type PendingOperation,
  type PendingType,
  type ResourceState,
  type Snapshot,
} from "./resource";

export class Journal {
  /** The resources of this run, in the order in which they were added. */
  private readonly news: ResourceState[] = [];
  /** The resources of the previous state that this run has not processed yet. */
  private base: ResourceState[];
  private pending: PendingOperation[] = [];
  private running: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;
  private dirty = false;
  private touched = false;

  constructor(
    private readonly before: Snapshot,
    /** Writes a snapshot to the disk. Undefined in previews, which never write. */
    private readonly write: ((snapshot: Snapshot) => Promise<void>) | undefined,
  ) {
    this.base = [...before.resources];
  }

  /** The list for the file: the new resources, then the remaining old ones. */
  get resources(): ResourceState[] {
    return dependenciesFirst(renameReferences([...this.news, ...this.base]));
  }

  /** Records that an operation on `resource` is about to start. Resolves when that is on the disk. */
  async begin(resource: ResourceState, type: PendingType): Promise<void> {
    this.pending.push({ resource, type });
    await this.flush();
  }

  /** Records that the operation on `resource` ended, with or without success. */
  end(resource: ResourceState): void {
    this.pending = this.pending.filter((op) => op.resource !== resource);
    this.dirty = true;
  }

  /** Records that `now` replaces `old`. Either can be undefined. */
  put(old: ResourceState | undefined, now: ResourceState | undefined): void {
    if (old) {
      this.base = this.base.filter((r) => r !== old);
      const at = this.news.indexOf(old);
      if (at >= 0) this.news.splice(at, 1);
    }
    if (now) this.news.push(now);
    if (now && (!old || old.pendingReplacement)) this.settleCreate(now.urn);
    this.dirty = true;
  }

  /** This run created a resource whose create an earlier run did not finish: the user need not be asked any more. */
  private settleCreate(urn: string): void {
    this.before.pending = this.before.pending.filter((op) => op.resource.urn !== urn);
  }

  /** Replaces the base, for a refresh before an update. */
  rebase(resources: ResourceState[]): void {
    this.base = [...resources];
    this.dirty = true;
  }

  /** Removes the pending creates of earlier runs: only the user can know whether something was created. */
  dropPendingCreates(): void {
    this.before.pending = [];
    this.dirty = true;
  }

  /** Call it when a resource was changed in place. */
  touch(): void {
    this.dirty = this.touched = true;
  }

  /** True once a resource was changed in place: then the list before cannot be compared with the list now. */
  get isTouched(): boolean {
    return this.touched;
  }

  /**
   * Resolves when everything that was recorded before is on the disk. In a preview, only checks that it could be
   * written.
   */
  async flush(): Promise<void> {
    if (!this.write) this.check("the state would not be well-formed");
    this.dirty = true;
    await this.settle();
  }

  /** Flushes if there is anything to write. */
  async settle(): Promise<void> {
    if (!this.write || !this.dirty) return this.next ?? this.running;
    this.next ??= this.running
      .catch(() => undefined)
      .then(async () => {
        this.next = undefined;
        this.dirty = false;
        this.running = this.save();
        await this.running;
      });
    return this.next;
  }

  private async save(): Promise<void> {
    const { resources } = this;
    const carried = this.before.pending.filter((op) => op.type === "creating");
    await this.write?.({
      resources,
      pending: [...this.pending, ...carried],
      extra: { metadata: this.before.extra["metadata"] ?? {} },
    });
    this.check("the state was written, but is not well-formed", resources);
  }

  /** Throws where the list breaks a rule. */
  private check(problem: string, resources = this.resources): void {
    const broken = integrityError(resources);
    if (broken) throw new Error(`${problem}: ${broken}`);
  }
}

/**
 * Keeps the order, except that a resource moves before its dependents: a resource that is not a target keeps its place,
 * and can depend on one that the program has since put after it.
 */
function dependenciesFirst(resources: ResourceState[]): ResourceState[] {
  const byUrn = new Map<string, ResourceState>();
  for (const resource of resources) {
    if (!resource.delete || !byUrn.has(resource.urn)) byUrn.set(resource.urn, resource);
  }
  const sorted = new Set<ResourceState>();
  const under = new Set<ResourceState>();
  const place = (resource: ResourceState): void => {
    if (sorted.has(resource) || under.has(resource)) return;
    under.add(resource);
    for (const urn of dependenciesOf(resource)) {
      const dependency = byUrn.get(urn);
      if (dependency) place(dependency);
    }
    sorted.add(resource);
  };
  resources.forEach(place);
  return [...sorted];
}

/** Applies aliases: each reference to an old URN becomes a reference to the new one. */
function renameReferences(resources: ResourceState[]): ResourceState[] {
  const renamed = new Map(resources.flatMap((r) => r.aliases.map((alias) => [alias, r.urn])));
  if (renamed.size === 0) return resources;
  const now = (urn: string): string => renamed.get(urn) ?? urn;
  return resources.map((r) => {
    const copy: ResourceState = { ...withReferences(r, now), aliases: [] };
    if (!r.provider) return copy;
    const { urn, id } = parseReference(r.provider);
    return { ...copy, provider: `${now(urn)}::${id}` };
  });
}
