/** Formats a time in the past as the CLI does: `now`, `1 minute ago`, `5 days ago`. */

const UNITS: readonly [seconds: number, name: string][] = [
  [31_104_000, "year"],
  [2_592_000, "month"],
  [604_800, "week"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

export function ago(then: Date, now = new Date()): string {
  const seconds = (now.getTime() - then.getTime()) / 1000;
  for (const [size, name] of UNITS) {
    const count = Math.floor(seconds / size);
    if (count >= 1) return `${count} ${name}${count === 1 ? "" : "s"} ago`;
  }
  return "now";
}
