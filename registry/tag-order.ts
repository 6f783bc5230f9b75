/**
 * Compares two tags as versions: numbers by value, a version before its pre-releases' successor (`1.2.0-rc.1` before
 * `1.2.0`), and other text by code point. Source of the rule for pre-releases: semver.org, section 11.
 */
export function compareTags(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let index = 0; ; index++) {
    const [one, other] = [left[index], right[index]];
    if (one === undefined && other === undefined) return a < b ? -1 : a > b ? 1 : 0;
    // At a version's end, "-rc.1" goes on to something smaller, and ".1" to something larger.
    if (one === undefined) return other === "-" ? 1 : -1;
    if (other === undefined) return one === "-" ? -1 : 1;
    if (one === other) continue;
    const order = comparePart(one, other);
    if (order !== 0) return order;
  }
}

function comparePart(a: string, b: string): number {
  const [x, y] = [BigIntOf(a), BigIntOf(b)];
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : 0;
  if (x !== undefined || y !== undefined) return x !== undefined ? 1 : -1;
  if (a === "-" || b === "-") return a === "-" ? -1 : 1;
  return a < b ? -1 : 1;
}

const BigIntOf = (text: string) => (/^\d+$/.test(text) ? BigInt(text) : undefined);

const partsOf = (tag: string) =>
  tag.replace(/^v(?=\d)/, "").match(/\d+|[A-Za-z]+|[^A-Za-z0-9]/g) ?? [];
