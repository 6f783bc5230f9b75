/** `--target`: the resources that an operation may touch. */
import { isProviderType, type ResourceState } from "../state/resource";
import { STACK_TYPE } from "./urn";

export class Targets {
  private readonly patterns: RegExp[];
  /** With --target-dependents: what was found to depend on a target. */
  private readonly added = new Set<string>();

  constructor(
    readonly urns: readonly string[],
    /** True: what depends on a target is one too. */
    readonly dependents: boolean,
  ) {
    this.patterns = urns.map(pattern);
  }

  get constrained(): boolean {
    return this.urns.length > 0;
  }

  /** True if the user named it. Without targets, everything is. */
  names(urn: string): boolean {
    return !this.constrained || this.added.has(urn) || this.patterns.some((p) => p.test(urn));
  }

  /** Providers and the stack itself are always worked on. */
  includes(state: ResourceState): boolean {
    if (isGroundwork(state) || this.names(state.urn)) return true;
    if (!this.dependents) return false;
    const all = [
      ...state.dependencies,
      ...Object.values(state.propertyDependencies).flat(),
      state.parent ?? "",
    ];
    return all.some((urn) => urn !== "" && !urn.includes(`::${STACK_TYPE}::`) && this.names(urn));
  }

  /** What is worked on for the sake of all others makes no targets of them. */
  add(state: ResourceState): void {
    if (this.constrained && !isGroundwork(state)) this.added.add(state.urn);
  }

  /** Targets that match none of `urns`. Patterns may match nothing. */
  missing(urns: readonly string[]): string[] {
    return this.urns.filter((t) => !t.includes("*") && !urns.includes(t));
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
