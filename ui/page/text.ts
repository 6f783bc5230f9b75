/** Texts that people read. */
import type { Kind } from "../../registry/manifest";

/** Reproducible builds set 1970, or the year 1, instead of the date. */
const FIRST_REAL_YEAR = 1981;

/** The time of a date in an image's config, in milliseconds; undefined if there is none. */
export function timeOf(created: string | undefined): number | undefined {
  const time = Date.parse(created ?? "");
  if (Number.isNaN(time)) return undefined;
  return new Date(time).getUTCFullYear() < FIRST_REAL_YEAR ? undefined : time;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 24 * 3600],
  ["month", 30 * 24 * 3600],
  ["day", 24 * 3600],
  ["hour", 3600],
  ["minute", 60],
];

/** A time such as `3 days ago`. */
export function agoText(time: number, now: number): string {
  const seconds = (time - now) / 1000;
  const format = new Intl.RelativeTimeFormat("en", { numeric: "always" });
  for (const [unit, length] of STEPS)
    if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
  return "just now";
}

/** `sha256:0123456789ab`: as much of a digest as docker shows. */
export const shortDigest = (digest: string) => digest.replace(/^(sha256:)?(.{12}).*$/, "$2");

/** `1 tag`, `2 tags`. */
export const count = (number: number, noun: string) =>
  `${number.toLocaleString("en")} ${number === 1 ? noun : noun.replace(/y$/, "ie") + "s"}`;

/** `a`, `a and b`, `a, b and 3 more`. */
export function listText(names: readonly string[], most = 4): string {
  const shown = names.length > most ? [...names.slice(0, most - 1)] : [...names];
  if (names.length > shown.length) shown.push(`${names.length - shown.length} more`);
  const last = shown.pop() ?? "";
  return shown.length === 0 ? last : `${shown.join(", ")} and ${last}`;
}

const KINDS: Record<Kind, string> = {
  image: "Image",
  index: "Multi-platform image",
  chart: "Helm chart",
  signature: "Signature",
  attestation: "Attestation",
  "build cache": "Build cache",
  artifact: "Artifact",
};

export const kindText = (kind: Kind) => KINDS[kind];

/** The step of a Dockerfile that a history entry records, without the shell that ran it. */
export const stepText = (createdBy: string) =>
  createdBy
    .replace(/^\/bin\/sh -c #\(nop\)\s+/, "")
    .replace(/^(RUN )?(\|\d+ .*?)?\/bin\/sh -c\s+/, "RUN ")
    .replace(/\s+# buildkit$/, "")
    .trim();
