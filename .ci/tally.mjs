// Adds up what the suites left in .results/ and ends with the one line `N passed, N failed, N skipped`.
// On a machine that can run the lab (root, Linux, CI=true) a skipped lab test counts as failed, unless docs/guarantees.md
// names it with its reason: a test that never runs must not look like one that passed. What other tests may be skipped
// for is another program on PATH, which no machine has to have: the suite pulumi builds the CLI with Go.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, ".results");
const guarantees = join(root, "docs", "guarantees.md");
const excused = existsSync(guarantees) ? readFileSync(guarantees, "utf8") : "";
const mustRun =
  process.env.CI === "true" && process.platform === "linux" && process.getuid?.() === 0;

// What a failure says, without colours; of a long one its beginning, each line with an error in it, and its end.
const LONG = 60;
function excerpt(message) {
  const lines = stripVTControlCharacters(message)
    .split("\n")
    .map((line) => `    ${line.slice(0, 400)}`);
  if (lines.length <= LONG) return lines.join("\n");
  const middle = lines.slice(LONG / 2, -LONG / 4).filter((line) => /error|failed/i.test(line));
  return [...lines.slice(0, LONG / 2), ...middle.slice(0, LONG), ...lines.slice(-LONG / 4)].join(
    "\n",
  );
}

// Tests of one file often fail for one reason: it is printed once, so that what is printed stays short enough to be read.
const printed = new Map();
function why(test) {
  const message = excerpt(test.failureMessages.join("\n"));
  const first = printed.get(message);
  if (first !== undefined) return `    as ${first}`;
  printed.set(message, test.fullName);
  return message;
}

// What failed, to be named once more at the end: where only the end of this output is kept, the whole list is in it.
const failures = [];
// What takes long, to be shortened first.
const slow = [];
let passed = 0;
let failed = 0;
let skipped = 0;
const suites = existsSync(folder)
  ? readdirSync(folder).filter((name) => name.endsWith(".json"))
  : [];
for (const name of suites) {
  const results = JSON.parse(readFileSync(join(folder, name), "utf8"));
  for (const file of results.testResults) {
    const seconds = Math.round((file.endTime - file.startTime) / 1000);
    slow.push({ seconds, name: relative(root, file.name) });
    // A file that could not be loaded has no tests to count, and is a failure all the same.
    if (file.assertionResults.length === 0 && file.status === "failed") {
      failed += 1;
      console.log(`failed: ${file.name}: ${file.message}`);
      failures.push(relative(root, file.name));
    }
    for (const test of file.assertionResults) {
      if (test.status === "passed") passed += 1;
      else if (test.status === "failed") {
        failed += 1;
        console.log(`failed: ${test.fullName}`);
        console.log(why(test));
        failures.push(`${relative(root, file.name)}: ${test.fullName}`);
      } else if (
        mustRun &&
        !["unit.json", "processes.json"].includes(name) &&
        !test.title.includes("(skipped: no Go compiler on PATH") &&
        !excused.includes(test.title)
      ) {
        failed += 1;
        console.log(`failed: skipped without a reason in docs/guarantees.md: ${test.fullName}`);
      } else skipped += 1;
    }
  }
}
for (const wanted of process.argv.slice(2)) {
  if (suites.includes(`${wanted}.json`)) continue;
  failed += 1;
  console.log(`failed: the suite ${wanted} left no results`);
}
if (passed === 0) failed += 1;
for (const { seconds, name } of slow.sort((a, b) => b.seconds - a.seconds).slice(0, 25))
  console.log(`${String(seconds).padStart(5)} s  ${name}`);
for (const failure of failures) console.log(`FAIL  ${failure}`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
