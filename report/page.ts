import { createHash } from "node:crypto";
import { Markup, markup, NOTHING } from "./markup";
import { explanation, filters, isExplained, tableHead, tableRow, time } from "./page-parts";
import { picture } from "./picture";
import type { Report } from "./row";
import { SCRIPT } from "./script";
import { STYLE } from "./style";
import { inSyncText } from "./text";

/**
 * The report as one page that needs nothing but itself: no server, no other file, no network. The browser runs its own
 * script and no other.
 *
 * @param at when the hosts were read
 */
export function reportPage({ stack, registry, rows }: Report, at: Date): string {
  const numbered = rows.map((row, index) => ({ row, id: `row-${index + 1}` }));
  const explained = numbered.filter(({ row }) => isExplained(row));
  const heading = explained.length === 0 ? NOTHING : markup`<h2>What is not in sync</h2>\n`;
  return markup`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Stack ${stack}: ${inSyncText(rows)}</title>
<link rel="icon" href="data:,">
<style>${new Markup(STYLE)}</style>
<body>
<header>
<h1>Stack ${stack}</h1>
<p>Registry <code>${registry}</code>, read at ${time(at.toISOString())}</p>
</header>
<main>
${picture(rows)}
${filters(rows)}
<h2 id="hosts">Hosts</h2>
<div class="scrolls" role="region" aria-labelledby="hosts" tabindex="0">
<table>
${tableHead()}
<tbody>
${numbered.map(({ row, id }) => tableRow(row, id))}</tbody>
</table>
</div>
${heading}${explained.map(({ row, id }) => explanation(row, id))}</main>
<script>${new Markup(SCRIPT)}</script>
`.text;
}

function policy(): string {
  return [
    "default-src 'none'",
    `script-src '${hashOf(SCRIPT)}'`,
    `style-src '${hashOf(STYLE)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

const hashOf = (text: string) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
