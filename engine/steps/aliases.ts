/** Finds the old state of a resource that was renamed, retyped or moved. */
import type { ResourceState } from "../state/resource";
import type { AliasSpec, Goal } from "./goal";
import { isStack, makeUrn, parseUrn } from "./urn";

export class Aliases {
  /** Each old URN with the new URN that took its state. */
  readonly taken = new Map<string, string>();
  /** Each new URN with its old URN. */
  private readonly former = new Map<string, string>();

  constructor(
    private readonly stack: string,
    private readonly project: string,
  ) {}

  /** Throws if two resources claim the same old state. */
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

/** A child whose name begins with its parent's name, `app-bucket` in `app`, had the parent's old name in its own. */
function inheritName(name: string, parent: string, parentAlias: string): string {
  const parentName = parseUrn(parent).name;
  return name.startsWith(parentName)
    ? parseUrn(parentAlias).name + name.slice(parentName.length)
    : name;
}
