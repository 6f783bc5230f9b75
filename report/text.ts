import { table } from "../images/words";
import { plain } from "./plain";
import type { Report, Row } from "./row";
import { countStates } from "./states";

const COLUMNS: readonly [string, (row: Row) => string][] = [
  ["HOST", ({ host }) => host],
  ["ROLE", ({ role }) => role],
  ["OS", ({ os }) => os ?? "-"],
  ["PROGRAM", programText],
  ["WAY", ({ way }) => way ?? "-"],
  ["STATE", ({ state }) => state],
  ["LAST APPLIED", ({ appliedAt }) => (appliedAt === undefined ? "-" : timeText(appliedAt))],
  ["FILES", ({ files }) => files.join(", ") || "-"],
];

/** For people: a table, then why each row is not in sync, then the sum. */
export function reportText(report: Report): string {
  const { rows } = report;
  const all = tableText(rows);
  const reasons = rows.flatMap(reasonLines).map((line) => `${line}\n`);
  const blocks = [all, reasons.join(""), `${summaryText(report)}\n`];
  return blocks.filter((block) => block !== "").join("\n");
}

/** More rows than these do not fit on a screen. */
const GLANCE = 20;

/**
 * What `up` and `preview` print before they begin: the table and the sum. Of many rows, only those that are not in sync;
 * the reasons follow with each step.
 */
export function glanceText(report: Report): string {
  const { rows } = report;
  const shown = rows.length > GLANCE ? rows.filter(({ state }) => state !== "in sync") : rows;
  const sum = shown.length > GLANCE ? inSyncText(rows) : summaryText(report);
  return `${shown.length > 0 ? tableText(shown) : ""}${sum}\n`;
}

function tableText(rows: readonly Row[]): string {
  return table([
    COLUMNS.map(([title]) => title),
    ...rows.map((row) => COLUMNS.map(([, cell]) => plain(cell(row)))),
  ]);
}

/** One line: how many are in sync, and which are not. */
export function summaryText({ rows }: Report): string {
  const others = countStates(rows)
    .filter(([state]) => state !== "in sync")
    .map(([state]) => {
      const names = rows
        .filter((row) => row.state === state)
        .map(({ host, what }) => `${host} ${what}`);
      return `${state}: ${names.join(", ")}`;
    });
  return plain([inSyncText(rows), ...others].join("; "));
}

/** `4 of 6 in sync` */
export function inSyncText(rows: readonly Row[]): string {
  return `${rows.filter(({ state }) => state === "in sync").length} of ${rows.length} in sync`;
}

/** The program or container of a row, with its version. */
export function programText({ what, version }: Row): string {
  return version === undefined ? what : `${what} ${version}`;
}

/** `2026-11-28 12:50:01Z` */
export function timeText(iso: string): string {
  return iso.replace("T", " ").replace(/\.\d+Z$/, "Z");
}

function reasonLines({ host, what, state, details }: Row): string[] {
  const [first, ...more] = details;
  if (first === undefined) return [];
  const lines = [`${host} ${what}: ${state}: ${first}`, ...more.map((line) => `  ${line}`)];
  return lines.map((line) => plain(line, true));
}
