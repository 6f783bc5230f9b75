import { type Markup, markup, NOTHING } from "./markup";
import type { Row } from "./row";
import { classOf, countStates, type State } from "./states";
import { programText, timeText } from "./text";

/** The states that there are and how many rows have each: the picture in words, and a choice. Without scripts, only the words. */
export function filters(rows: readonly Row[]): Markup {
  const counts = countStates(rows);
  const choices = counts.map(([state, count]) => {
    const box = markup`<input type="checkbox" value="${state}" checked>`;
    return markup`<label>${box}${mark(state)}${state} (${count})</label>\n`;
  });
  const words = counts.map(([state, count]) => `${state}: ${count}`).join(", ");
  return markup`<form id="filters" hidden>
<fieldset><legend>States</legend>
${choices}</fieldset>
<label>Search <input type="search" id="search" autocomplete="off"></label>
<p id="shown" role="status"></p>
</form>
<noscript><p>${words}</p></noscript>`;
}

const TITLES = ["Host", "Role", "System", "Program", "Way", "State", "Last applied", "Files"];

export function tableHead(): Markup {
  const cells = TITLES.map((title) => markup`<th scope="col">${title}</th>`);
  return markup`<thead><tr>${cells}</tr></thead>`;
}

/** @param id of the part of the page that explains the row */
export function tableRow(row: Row, id: string): Markup {
  const { host, role, os, what, way, state, appliedAt, files } = row;
  // A link is read out of its row, too.
  const unseen = markup`<span class="unseen"> ${host} ${what}</span>`;
  const name = isExplained(row) ? markup`<a href="#${id}">${state}${unseen}</a>` : state;
  const cells = [
    role,
    os ?? NONE,
    programText(row),
    way ?? NONE,
    markup`${mark(state)}${name}`,
    appliedAt === undefined ? NONE : time(appliedAt),
    files.length === 0 ? NONE : files.map((path) => markup`<code>${path}</code>`),
  ].map((cell) => markup`<td>${cell}</td>`);
  const open = markup`<tr data-row="${id}" data-state="${state}">`;
  return markup`${open}<th scope="row">${host}</th>${cells}</tr>\n`;
}

const NONE = "–";

/** Whether there is more to say of a row than its state. */
export const isExplained = ({ details, diff }: Row) => details.length > 0 || diff !== undefined;

/** Why a row is not in sync, and the lines that differ. */
export function explanation({ host, what, state, details, diff }: Row, id: string): Markup {
  const name = markup`<h3 id="${id}-name">${host}: ${what} <span class="is">${state}</span></h3>`;
  const why = details.length === 0 ? NOTHING : markup`<pre>${details.join("\n")}</pre>\n`;
  const changes = diff === undefined ? NOTHING : diffBlock(diff, `Changes on ${host}: ${what}`);
  return markup`<section id="${id}" aria-labelledby="${id}-name">\n${name}\n${why}${changes}</section>\n`;
}

function diffBlock(diff: string, label: string): Markup {
  const open = markup`<pre class="scrolls" role="region" aria-label="${label}" tabindex="0">`;
  return markup`${open}${diff.trimEnd().split("\n").map(diffLine)}</pre>\n`;
}

/** A removed line is what the host has, an added one what `up` writes. */
function diffLine(line: string): Markup {
  if (/^(---|\+\+\+) /.test(line)) return markup`<b>${line}</b>\n`;
  if (line.startsWith("+")) return markup`<ins>${line}</ins>\n`;
  if (line.startsWith("-")) return markup`<del>${line}</del>\n`;
  return markup`${line}\n`;
}

/** A spot in the state's colour, as in the picture. */
const mark = (state: State) => markup`<span class="mark ${classOf(state)}"></span>`;

export const time = (iso: string) => markup`<time datetime="${iso}">${timeText(iso)}</time>`;
