/**
 * Compares two tags as versions: numbers by value, a pre-release before its version (`1.2.0-rc.1` and `1.2.0rc1` before
 * `1.2.0`), and other text by code point. In a pre-release a number comes before a word (semver.org, section 11), elsewhere
 * behind it: `latest` before `1.0`.
 */
export function compareTags(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let index = 0, isPre = false; ; index++) {
    const [one, other] = [left[index], right[index]];
    if (one === undefined && other === undefined) return a < b ? -1 : a > b ? 1 : 0;
    // At a version's end, "-rc.1" goes on to something smaller, and ".1" to something larger.
    if (one === undefined) return other === "-" ? 1 : -1;
    if (other === undefined) return one === "-" ? -1 : 1;
    isPre ||= index > 0 && one === "-";
    if (one === other) continue;
    const order = comparePart(one, other, isPre);
    if (order !== 0) return order;
  }
}

function comparePart(a: string, b: string, isPre: boolean): number {
  const [x, y] = [BigIntOf(a), BigIntOf(b)];
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : 0;
  if (a === "-" || b === "-") return a === "-" ? -1 : 1;
  if (x !== undefined || y !== undefined) return (x !== undefined) === isPre ? -1 : 1;
  return a < b ? -1 : 1;
}

const BigIntOf = (text: string) => (/^\d+$/.test(text) ? BigInt(text) : undefined);

/** A pre-release without a hyphen, as Python's packages have it: `1.9rc1`. */
const JOINED = /^(\d+(?:\.\d+)+)(?=(?:a|b|rc|alpha|beta|dev|pre)\d*(?![A-Za-z]))/i;

const partsOf = (tag: string) =>
  tag
    .replace(/^v(?=\d)/, "")
    .replace(JOINED, "$1-")
    .match(/\d+|[A-Za-z]+|[^A-Za-z0-9]/g) ?? [];
