/** Matches a list of OpenSSH patterns: at least one must match, and no negated one. */
export function matchesPatterns(patterns: readonly string[], text: string): boolean {
  if (patterns.some((one) => one.startsWith("!") && matchesPattern(one.slice(1), text)))
    return false;
  return patterns.some((one) => !one.startsWith("!") && matchesPattern(one, text));
}

/** `*` and `?` are the wildcards. */
function matchesPattern(pattern: string, text: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === text;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`, "s").test(text);
}
