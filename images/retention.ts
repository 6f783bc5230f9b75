import { compareTags } from "../registry/tag-order";
import { byRepository, type StoredTag } from "./listing";

/** How long tags are kept in some repositories. A tag that one condition keeps is kept. */
export interface RetentionRule {
  /** A pattern of repository names: `*` is any text without a slash, `**` is any text. */
  readonly repositories: string;
  /** Keep this many tags of each repository: those that were pushed last. */
  readonly keepLast?: number | undefined;
  /** Keep tags that were pushed in the last so many days. */
  readonly keepDays?: number | undefined;
  /** Keep tags that match this regular expression. */
  readonly keepTags?: string | undefined;
}

/** A tag that no condition keeps, with the rule that removes it. */
export interface Expired {
  readonly tag: StoredTag;
  readonly rule: RetentionRule;
}

const DAY = 24 * 60 * 60;

/**
 * The tags that the rules remove. The first rule that selects a repository decides. Tags that belong to another image,
 * such as cosign's `sha256-DIGEST.sig`, go with that image.
 *
 * @param now in seconds since 1970
 * @param isUsed whether a Pod or another workload needs the tag; such a tag stays
 */
export function expiredTags(
  tags: readonly StoredTag[],
  rules: readonly RetentionRule[],
  now: number,
  isUsed: (tag: StoredTag) => boolean,
): Expired[] {
  const expired: Expired[] = [];
  for (const [repository, all] of byRepository(tags)) {
    const rule = rules.find(({ repositories }) => patternOf(repositories).test(repository));
    if (rule === undefined) continue;
    const own = all.filter(({ name }) => subjectOf(name) === undefined);
    const newest = [...own].sort((a, b) => b.pushed - a.pushed || compareTags(b.name, a.name));
    const last = new Set(newest.slice(0, rule.keepLast ?? 0));
    const matches = rule.keepTags === undefined ? undefined : new RegExp(rule.keepTags);
    const stays = (tag: StoredTag) =>
      last.has(tag) ||
      (rule.keepDays !== undefined && tag.pushed > now - rule.keepDays * DAY) ||
      matches?.test(tag.name) === true ||
      isUsed(tag);
    const going = own.filter((tag) => !stays(tag)).sort((a, b) => compareTags(a.name, b.name));
    const kept = new Set(own.filter(stays).map(({ digest }) => digest));
    const gone = new Set(going.map(({ digest }) => digest).filter((digest) => !kept.has(digest)));
    const attached = all.filter((tag) => gone.has(subjectOf(tag.name) ?? "") && !isUsed(tag));
    expired.push(...[...going, ...attached].map((tag) => ({ tag, rule })));
  }
  return expired;
}

/**
 * The digest of the image that a tag such as `sha256-DIGEST.sig` belongs to. Of a digest by sha512 it is the beginning,
 * because a tag has no room for the rest. Sources: cosign's tag scheme, and the OCI distribution specification, "Referrers
 * Tag Schema".
 */
export function subjectOf(tag: string): string | undefined {
  const [, algorithm, hex] = /^(sha256|sha512)-([0-9a-f]{64})(\.[A-Za-z0-9]+)?$/.exec(tag) ?? [];
  return algorithm === undefined ? undefined : `${algorithm}:${hex}`;
}

/** One sentence for each rule that decides for no repository: it may have a typo. None while the registry is empty. */
export function idleRules(
  repositories: readonly string[],
  rules: readonly RetentionRule[],
): string[] {
  if (repositories.length === 0) return [];
  const fits = ({ repositories: pattern }: RetentionRule) => {
    const expression = patternOf(pattern);
    return (repository: string) => expression.test(repository);
  };
  const deciding = repositories.map((each) => rules.find((rule) => fits(rule)(each)));
  return rules.flatMap((rule, index) => {
    if (deciding.includes(rule)) return [];
    const why = repositories.some(fits(rule))
      ? "decides for no repository: a rule before it fits all that it fits"
      : "fits no repository of the registry";
    return [`retention[${index}] (${rule.repositories}) ${why}`];
  });
}

/** A regular expression for a pattern of repository names. */
export function patternOf(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*|\*)/).map((part) => {
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    return part.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`);
}
