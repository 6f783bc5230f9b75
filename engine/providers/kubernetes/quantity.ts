/** Quantities of CPU and memory: the server writes 1000m as 1, and 1024Mi as 1Gi. */
import type { Value } from "../provider";

const EXPONENTS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
};
const LARGE: Readonly<Record<string, number>> = { T: 12, P: 15, E: 18 };
const BINARY = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/** True if both are the same amount. False also if one of them is no quantity. */
export function sameQuantity(a: Value, b: Value): boolean {
  const [left, right] = [amountOf(a), amountOf(b)];
  return left !== undefined && left === right;
}

function amountOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  const parts =
    typeof value === "string" ? /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)$/.exec(value) : null;
  if (!parts) return undefined;
  const [, number = "", unit = ""] = parts;
  const binary = BINARY.indexOf(unit);
  if (binary >= 0) return Number(number) * 1024 ** (binary + 1);
  const exponent = EXPONENTS[unit] ?? LARGE[unit];
  // Written as text, because 0.1 * 1000 would not be exact.
  return exponent === undefined
    ? undefined
    : Number(/[eE]/.test(number) ? number : `${number}e${exponent}`);
}
