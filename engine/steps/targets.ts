/** `--target`: the resources that an operation may touch. */
import { isProviderType, type ResourceState } from "../state/resource";
import { STACK_TYPE } from "./urn";

export class Targets {
  private readonly patterns: RegExp[];
  private readonly excluded: RegExp[];
  /** With --exclude-dependents: the dependents of an excluded resource that were found. */
  private readonly excludedToo = new Set<string>();
  /** With --target-dependents: the dependents of a target that were found. */
  private readonly added = new Set<string>();

  constructor(
    readonly urns: readonly string[],
    /** True: the dependents of a target are targets too. */
    readonly dependents: boolean,
    /** `--exclude`: the resources that the operation may not touch. Targets take precedence, as in Pulumi. */
    private readonly excludes: readonly string[] = [],
    /** True: the dependents of an excluded resource are excluded too. */
    readonly excludeDependents = false,
  ) {
    this.patterns = urns.map(pattern);
    this.excluded = excludes.map(pattern);
  }

  /** For the program: what was chosen, with patterns as regular expressions. Undefined if everything is. */
  get told(): string | undefined {
    if (this.urns.length === 0 && this.excludes.length === 0) return undefined;
    const sources = (patterns: readonly RegExp[]): string[] => patterns.map(({ source }) => source);
    return JSON.stringify({
      targets: sources(this.patterns),
      excludes: sources(this.excluded),
      targetDependents: this.dependents,
    });
  }

  get constrained(): boolean {
    return this.urns.length > 0;
  }

  /** True if the user named it. Without targets, everything is. */
  names(urn: string): boolean {
    return !this.constrained || this.added.has(urn) || this.patterns.some((p) => p.test(urn));
  }

  /** Providers and the stack itself are always included. */
  includes(state: ResourceState): boolean {
    if (isGroundwork(state)) return true;
    if (!this.constrained) return !this.excludesState(state);
    return (
      this.names(state.urn) || (this.dependents && this.dependsOn(state, (urn) => this.names(urn)))
    );
  }

  /** True for a resource that was excluded by name or, if requested, because it depends on an excluded one. */
  excludesState(state: ResourceState): boolean {
    if (this.constrained || this.excludes.length === 0) return false;
    const isExcluded = (urn: string): boolean =>
      this.excludedToo.has(urn) || this.excluded.some((p) => p.test(urn));
    if (isExcluded(state.urn)) return true;
    if (!this.excludeDependents || !this.dependsOn(state, isExcluded)) return false;
    this.excludedToo.add(state.urn);
    return true;
  }

  private dependsOn(state: ResourceState, test: (urn: string) => boolean): boolean {
    const all = [
      ...state.dependencies,
      ...Object.values(state.propertyDependencies).flat(),
      state.parent ?? "",
    ];
    return all.some((urn) => urn !== "" && !urn.includes(`::${STACK_TYPE}::`) && test(urn));
  }

  /** Adds a target. Does not add resources that are always included: all others would become targets too. */
  add(state: ResourceState): void {
    if (this.constrained && !isGroundwork(state)) this.added.add(state.urn);
  }

  /** The targets that match none of `urns`. Patterns may match nothing. */
  missing(urns: readonly string[]): string[] {
    return [...this.urns, ...this.excludes].filter((t) => !t.includes("*") && !urns.includes(t));
  }
}

const isGroundwork = ({ type }: ResourceState): boolean =>
  isProviderType(type) || type === STACK_TYPE;

/** `*` stands for a part of a URN, `**` for anything. */
function pattern(text: string): RegExp {
  const source = text
    .split(/(\*\*|\*)/)
    .map((part) =>
      part === "**" ? ".*" : part === "*" ? "[^:]*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"),
    );
  return new RegExp(`^${source.join("")}$`);
}
