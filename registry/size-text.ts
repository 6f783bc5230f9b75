const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** A size for people, with three digits: `12.3 MB`. As in the output of `docker images`, 1 kB is 1000 bytes. */
export function sizeText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  // 999.5 and more would be rounded to 1000.
  while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}
