/**
 * The state while an operation runs. Steps say what they begin and what they did; the file follows. Writes are grouped:
 * who comes while one is under way shares the next one, and is answered when it is on the disk.
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
  /** Resources of this run, in the order in which they came to be. */
  private readonly news: ResourceState[] = [];
  /** What was there before; entries leave it when this run has dealt with them. */
  private base: ResourceState[];
  private pending: PendingOperation[] = [];
  private running: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;
  private dirty = false;

  constructor(
    private readonly before: Snapshot,
    /** Puts a snapshot on the disk. Undefined in previews: nothing is ever written. */
    private readonly write: ((snapshot: Snapshot) => Promise<void>) | undefined,
  ) {
    this.base = [...before.resources];
  }

  /** The list that the file gets: the new ones, then what is left of the old. */
  get resources(): ResourceState[] {
    return dependenciesFirst(renameReferences([...this.news, ...this.base]));
  }

  /** Notes that an operation on `resource` is about to start. Resolves when the file says so. */
  async begin(resource: ResourceState, type: PendingType): Promise<void> {
    this.pending.push({ resource, type });
    await this.flush();
  }

  /** Notes that the operation on `resource` ended, whatever came of it. */
  end(resource: ResourceState): void {
    this.pending = this.pending.filter((op) => op.resource !== resource);
    this.dirty = true;
  }

  /** `old` is dealt with, `now` is what came of it. Either can be missing. */
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

  /** This run made what a former one was cut off from making: there is nothing left to ask a person. */
  private settleCreate(urn: string): void {
    this.before.pending = this.before.pending.filter((op) => op.resource.urn !== urn);
  }

  /** The base anew, for a refresh before an update. */
  rebase(resources: ResourceState[]): void {
    this.base = [...resources];
    this.dirty = true;
  }

  /** Pending creates of former runs: only a person can say whether something was made. */
  dropPendingCreates(): void {
    this.before.pending = [];
    this.dirty = true;
  }

  /** To be called when a resource was changed in place. */
  touch(): void {
    this.dirty = true;
  }

  /** Resolves when all that was said before is on the disk. Of a preview it only sees whether it could be. */
  async flush(): Promise<void> {
    if (!this.write) this.check("the state would not be well-formed");
    this.dirty = true;
    await this.settle();
  }

  /** As flush, if there is anything to write. */
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
 * The list as it is, but what something depends on goes before it: a resource that is left alone, since it is no target, can
 * stand on one that the program has since put after it.
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

/** Resources that found their old state under an alias: whatever names the old URN names the new one from now on. */
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
