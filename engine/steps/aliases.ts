/** Finds the old state of a resource that was renamed, retyped or moved. */
import type { ResourceState } from "../state/resource";
import type { AliasSpec, Goal } from "./goal";
import { isStack, makeUrn, parseUrn } from "./urn";

export class Aliases {
  /** Old URN to the new one that took it. */
  readonly taken = new Map<string, string>();
  /** New URN to the old one that it had. */
  private readonly former = new Map<string, string>();

  constructor(
    private readonly stack: string,
    private readonly project: string,
  ) {}

  /** Throws where two resources claim the same old state. */
  findOld(
    urn: string,
    goal: Goal,
    olds: ReadonlyMap<string, ResourceState>,
    seen: ReadonlySet<string>,
  ): { old?: ResourceState; alias?: string } {
    const before = this.taken.get(urn);
    if (before)
      throw new Error(
        `Duplicate resource URN '${urn}' conflicting with alias on resource with URN '${before}'`,
      );
    const own = olds.get(urn);
    if (own) return { old: own };
    for (const alias of this.candidates(goal)) {
      const old = olds.get(alias);
      if (!old || alias === urn) continue;
      const other = seen.has(alias) ? alias : this.taken.get(alias);
      if (other)
        throw new Error(
          `Duplicate resource alias '${alias}' applied to resource with URN '${urn}' conflicting with resource with URN '${other}'`,
        );
      this.taken.set(alias, urn);
      this.former.set(urn, alias);
      return { old, alias };
    }
    return {};
  }

  private candidates(goal: Goal): string[] {
    const urns = goal.aliases.map((alias) => this.resolve(goal, alias));
    const parentAlias = this.former.get(goal.parent);
    if (parentAlias === undefined) return urns;
    const inherited = [{ type: goal.type, name: goal.name }, ...urns.map(parseUrn)].map(
      ({ type, name }) =>
        makeUrn(
          this.stack,
          this.project,
          parentAlias,
          type,
          inheritName(name, goal.parent, parentAlias),
        ),
    );
    return [...urns, ...inherited];
  }

  private resolve(goal: Goal, alias: AliasSpec): string {
    if (alias.urn) return alias.urn;
    const given = alias.parent ? (this.former.get(alias.parent) ?? alias.parent) : goal.parent;
    const parent = alias.noParent || (given !== "" && isStack(given)) ? "" : given;
    return makeUrn(
      alias.stack || this.stack,
      alias.project || this.project,
      parent,
      alias.type || goal.type,
      alias.name || goal.name,
    );
  }
}

/** A child that is named after its parent, `app-bucket` in `app`, was named after the parent's old name. */
function inheritName(name: string, parent: string, parentAlias: string): string {
  const parentName = parseUrn(parent).name;
  return name.startsWith(parentName)
    ? parseUrn(parentAlias).name + name.slice(parentName.length)
    : name;
}
