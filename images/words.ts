const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** A size in bytes for people, with three digits: `12.3 MB`. As `docker images` has it, 1 kB is 1000 bytes. */
export function sizeText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  // 999.95 would be rounded to 1000.
  while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** `1 tag`, `2 tags`. */
export const count = (number: number, noun: string) =>
  `${number} ${noun}${number === 1 ? "" : "s"}`;

/** Rows with columns of equal width, two spaces apart. Every line ends with a line feed. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, cell.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(widths[index]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
