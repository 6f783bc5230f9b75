import { type Plan } from "../plan";
import { type Problem, Refusal } from "../problem";
import { lineEdits } from "../line-edits";
import { type TextEdit } from "../text-edit";
import { type Change, judged } from "../toml/judged";
import { edited } from "../toml/remove";
import { isTable, stringsOf } from "../toml/value";
import { type CriConfig } from "./config";
import { isPlain } from "./endpoint";
import { importNames, importOffset, type MergedRegistry } from "./merged";
import { holdsInOrder, mirrorKey, mirrorStep } from "./mirrors";
import { type ContainerdInput, unchangedPlan, type WantedHost } from "./input";
import { MixedWays } from "./mixed-ways";
import { shown } from "./version";

/** Refuses endpoints whose settings `mirrors` cannot express. */
export function refuseSpecial(config: CriConfig, wanted: readonly WantedHost[]): void {
  const special = wanted.filter(({ endpoints }) => !endpoints.every(isPlain));
  if (special.length === 0) return;
  const { document, registry } = config;
  throw new MixedWays(
    special.map(({ host }) =>
      document.source.problem(document.offsetOf([...registry, "mirrors"]) ?? importOffset(config), {
        expected: `plain URLs for ${host}, since mirrors can say no more`,
        found: "certificates, skipVerify, overridePath or capabilities in the settings",
        fix: "set migrate: true, which moves mirrors to hosts.toml files, or leave these settings out",
      }),
    ),
  );
}

/**
 * The plan without changes, if the daemon already has every endpoint, possibly from an import. Undefined if there is
 * something to change.
 */
export function mirrorsInForce(
  input: ContainerdInput,
  config: CriConfig,
  merged: MergedRegistry,
  wanted: readonly WantedHost[],
): Plan | undefined {
  if (!wanted.every((host) => isInForce(merged, host))) return undefined;
  const notes = wanted.map(({ host }) => inForceNote(input, config, merged, host));
  return { files: [unchangedPlan(input)], notes, activate: "none" };
}

/** The plan for a file that uses `registry.mirrors`: all entries go there, and no other file changes. */
export function planMirrors(
  input: ContainerdInput,
  config: CriConfig,
  merged: MergedRegistry,
  wanted: readonly WantedHost[],
): Plan {
  refuseImported(config, merged, wanted);
  const changes: Change[] = [];
  const edits: TextEdit[] = [];
  const notes: string[] = [];
  // If all mirrors are in an import, the first entry creates the table for the others.
  const isFirst = Object.keys(config.mirrors).length === 0;
  let current = config;
  for (const host of wanted) {
    if (!isOwn(config, merged, host.host)) {
      notes.push(inForceNote(input, config, merged, host.host));
      continue;
    }
    const step = mirrorStep(current, host.host, urlsOf(host));
    changes.push(...step.changes);
    notes.push(...step.notes);
    edits.push(...step.edits);
    if (isFirst) current = withEdits(current, step.edits);
  }
  const isRow = isFirst && edits.length > 1;
  const all = isRow ? lineEdits(config.document.text, current.document.text) : edits;
  const file = judged(config.document, input.bytes, all, changes);
  return { files: [file], notes, activate: file.edits.length > 0 ? "restart" : "none" };
}

function withEdits(config: CriConfig, edits: readonly TextEdit[]): CriConfig {
  const document = edited(config.document, edits);
  return { ...config, document, mirrors: document.getTable([...config.registry, "mirrors"]) ?? {} };
}

/** Refuses if an import has settings for a host, because they take precedence over config.toml. */
function refuseImported(
  config: CriConfig,
  merged: MergedRegistry,
  wanted: readonly WantedHost[],
): void {
  const { document, registry } = config;
  const problems = wanted
    .filter((host) => !isOwn(config, merged, host.host) && !isInForce(merged, host))
    .map((host): Problem => {
      const table = shown(document, [...registry, "mirrors", mirrorKey(host.host)]);
      const urls = urlsOf(host);
      const found = mergedEndpoints(merged, host.host) ?? [];
      const names = importNames(merged);
      return document.source.problem(importOffset(config), {
        expected: `${host.host} led to ${urls.join(", ")}, or not named, by what is imported: it goes before what is written here`,
        found: `${JSON.stringify(found)} in ${names}`,
        fix: `in ${names}, take [${table}] out, or set its endpoint = ${JSON.stringify(urls)}`,
      });
    });
  if (problems.length > 0) throw new Refusal(problems);
}

/** Whether config.toml should have this host. It should not if only an import has it. */
function isOwn(config: CriConfig, merged: MergedRegistry, host: string): boolean {
  const key = mirrorKey(host);
  return Object.hasOwn(config.mirrors, key) || !Object.hasOwn(merged.mirrors, key);
}

function isInForce(merged: MergedRegistry, host: WantedHost): boolean {
  const list = mergedEndpoints(merged, host.host);
  return list !== undefined && holdsInOrder(list, urlsOf(host), list);
}

function inForceNote(
  input: ContainerdInput,
  { document, registry }: CriConfig,
  merged: MergedRegistry,
  host: string,
): string {
  const line = document.lineNote([...registry, "mirrors", mirrorKey(host), "endpoint"]);
  const place = line === "" ? ` of ${importNames(merged)}` : line;
  return `${input.configPath}: ${host} is already in mirrors${place}`;
}

/** The daemon's endpoints for a host; undefined if it has no list. */
function mergedEndpoints({ mirrors }: MergedRegistry, host: string): string[] | undefined {
  const entry = mirrors[mirrorKey(host)];
  return isTable(entry) ? stringsOf(entry["endpoint"]) : undefined;
}

function urlsOf({ endpoints }: WantedHost): string[] {
  return endpoints.map(({ url }) => url);
}
