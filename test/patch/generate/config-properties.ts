import { parse } from "smol-toml";

import type * as patch from "../../../patch";
import { type Case, OUR_HOST, OUR_URL } from "./containerd-config";

/** The patcher under test: the real one, or one with a fault put in. */
export type Patcher = Pick<typeof patch, "planContainerd" | "hunks" | "withoutHunks" | "Refusal">;

/** What a property found broken; its name says which property. */
export class Broken extends Error {
  constructor(
    readonly property: string,
    generated: Case,
    detail: string,
  ) {
    super(`${property} (file ${generated.seed}): ${detail}\n---\n${generated.text}\n---`);
  }
}

type Tree = { [key: string]: unknown };

/**
 * Everything that must hold for one generated file. What is expected is worked out here from the model
 * that the file was written from, with nothing of the patcher's own.
 */
export function checkConfig(patcher: Patcher, generated: Case): "edited" | "in sync" | "refused" {
  const broken = (property: string, detail: string): never => {
    throw new Broken(property, generated, detail);
  };
  const { input, text } = generated;
  let plan: patch.Plan;
  try {
    plan = patcher.planContainerd(input);
  } catch (error) {
    if (!(error instanceof patcher.Refusal)) throw error;
    if (error.message.includes("with certainty")) broken("refused as uncertain", error.message);
    if (!mustRefuse(generated)) broken("refused without need", error.message);
    return "refused";
  }
  if (mustRefuse(generated)) broken("a broken state was not refused", "");

  const main = plan.files.find(({ path }) => path === input.configPath);
  if (main === undefined) return broken("config.toml is in the plan", "it is not");
  const desired = main.desired ?? broken("config.toml stays", "it would be removed");
  const after = read(desired.toString()) ?? broken("the result is TOML", desired.toString());
  const wrong = differenceFromWanted(generated, read(text) ?? {}, after);
  if (wrong !== undefined) broken("the difference is exactly what was asked", wrong);
  checkHostsFiles(generated, plan, broken);

  for (const file of plan.files) {
    const hunks = patcher.hunks(file);
    const base = file.base ?? Buffer.alloc(0);
    if (file.edits.length === 0) {
      if (hunks.length > 0) broken("no edit, no hunk", JSON.stringify(hunks));
      continue;
    }
    if (hunks.every(({ added }) => added.length > 0)) {
      const back = undone(patcher, file, hunks);
      if (typeof back === "string") broken("reversible, not refused", back);
      else if (!back.equals(base)) broken("reversible", JSON.stringify(hunks));
    }
    if (isCrlf(base) && !hunks.every(({ added }) => added.every((line) => line.endsWith("\r")))) {
      broken("new lines end as the others", JSON.stringify(hunks));
    }
    const unmoved = hunks.flatMap(({ removed }) => removed);
    for (const line of unmoved) {
      if (!mayChange(generated, line)) broken("foreign lines stay", line);
    }
  }
  if (!keepsTheRest(main, input.migrate)) broken("foreign bytes stay", desired.toString());

  const again = patcher.planContainerd({
    ...input,
    bytes: desired,
    certsD: written(generated, plan),
  });
  if (again.files.some(({ edits }) => edits.length > 0)) {
    broken("twice is once", JSON.stringify(again.files.map(({ edits }) => edits)));
  }
  if (again.activate !== "none") broken("no change, no restart", again.activate);
  const changed = main.edits.length > 0;
  if (plan.activate !== (changed ? "restart" : "none"))
    broken("restart when changed", plan.activate);
  return plan.files.some(({ edits }) => edits.length > 0) ? "edited" : "in sync";
}

/** Does every line of the file, the last one too, end with CRLF? */
export function isCrlf(bytes: Buffer): boolean {
  const lines = bytes.toString("latin1").split("\n");
  return lines.length > 1 && lines.pop() === "" && lines.every((line) => line.endsWith("\r"));
}

/** The bytes without the hunks, or why it was refused, which it never may be in a file as it was written. */
function undone(patcher: Patcher, file: patch.FilePlan, hunks: patch.Hunk[]): Buffer | string {
  try {
    return patcher.withoutHunks(file.path, file.desired ?? Buffer.alloc(0), hunks);
  } catch (error) {
    if (error instanceof patcher.Refusal) return error.message;
    throw error;
  }
}

function mustRefuse(generated: Case): boolean {
  const { input, mirrors, configPath } = generated;
  const usesMirrors = Object.keys(mirrors).length > 0;
  // containerd 1.x reads such a header otherwise than TOML says.
  if (input.daemonVersion.startsWith("1.") && generated.features.has("escapes in headers")) {
    return true;
  }
  if (!input.migrate) return usesMirrors && configPath !== "";
  // Endpoints that the settings do not know would be lost by moving.
  return wantedMirrors(generated).some(([host, wanted]) =>
    (mirrors[host] ?? []).some((url) => !wanted.includes(url)),
  );
}

function usesHosts({ input, mirrors }: Case): boolean {
  return Object.keys(mirrors).length === 0 || input.migrate;
}

/** What is different from what was asked; undefined: nothing. */
function differenceFromWanted(generated: Case, before: Tree, after: Tree): string | undefined {
  const { registry, input, mirrors, configPath, addVersion } = generated;
  const expected = structuredClone(before);
  if (usesHosts(generated)) {
    if (Object.keys(mirrors).length > 0) delete make(expected, registry)["mirrors"];
    const isList = configPath.includes(":");
    const ignored = ["2.2.3", "2.3.4"].includes(input.daemonVersion);
    const migrating = input.migrate && Object.keys(mirrors).length > 0;
    const first = configPath.split(":")[0] ?? "";
    if (configPath === "") make(expected, registry)["config_path"] = "/etc/containerd/certs.d";
    else if (isList && (ignored || migrating)) make(expected, registry)["config_path"] = first;
    if (addVersion !== undefined && configPath === "") expected["version"] = addVersion;
  } else {
    for (const [host, wanted] of wantedMirrors(generated)) {
      const table = make(expected, [...registry, "mirrors", host]);
      const got = (
        make(structuredClone(after), [...registry, "mirrors", host]) as { endpoint?: string[] }
      ).endpoint;
      const problem = listProblem(mirrors[host] ?? [], wanted, got ?? []);
      if (problem !== undefined) return `${host}: ${problem}`;
      table["endpoint"] = got;
    }
  }
  return show(after) === show(expected)
    ? undefined
    : `expected ${show(expected)}\ngot      ${show(after)}`;
}

function wantedMirrors({ input }: Case): [string, string[]][] {
  const others = Object.entries(input.mirrors) as [string, string[]][];
  return [[OUR_HOST, [OUR_URL]], ...others];
}

/** Wanted ones in their order, the others as they were, nothing new and nothing lost. */
function listProblem(before: string[], wanted: string[], got: string[]): string | undefined {
  const others = before.filter((url) => !wanted.includes(url));
  const ours = got.filter((url) => wanted.includes(url));
  const rest = got.filter((url) => !wanted.includes(url));
  if (show(ours) !== show(wanted)) return `wanted ${wanted.join()}, got ${got.join()}`;
  if (show(rest) !== show(others)) return `others were ${others.join()}, are ${rest.join()}`;
  return undefined;
}

function checkHostsFiles(
  generated: Case,
  plan: patch.Plan,
  broken: (property: string, detail: string) => never,
): void {
  const { input, configPath, mirrors } = generated;
  const paths = plan.files.map(({ path }) => path).filter((path) => path !== input.configPath);
  if (!usesHosts(generated)) {
    if (paths.length > 0) broken("mirrors need no hosts.toml", paths.join());
    return;
  }
  const first = configPath.split(":")[0] ?? "";
  const directory = first === "" ? "/etc/containerd/certs.d" : first;
  const hosts = new Set([OUR_HOST, ...Object.keys(input.mirrors), ...Object.keys(mirrors)]);
  const expected = [...hosts].map((host) => `${directory}/${host}/hosts.toml`);
  if (show([...paths].sort()) !== show([...expected].sort())) {
    broken("one hosts.toml for each host, no other touched", paths.join());
  }
  const ours = plan.files.find(({ path }) => path === `${directory}/${OUR_HOST}/hosts.toml`);
  const tree = read(ours?.desired?.toString() ?? "") ?? {};
  const urls = Object.keys(tree["host"] ?? {});
  if (tree["server"] !== OUR_URL || urls[0] !== OUR_URL) {
    broken("hosts.toml leads to the registry", show(tree));
  }
}

/** The files that are there once the plan is carried out. */
function written({ input }: Case, plan: patch.Plan): Map<string, Buffer> {
  const files = new Map(input.certsD);
  for (const { path, desired } of plan.files) {
    if (path !== input.configPath && desired !== undefined) files.set(path, desired);
  }
  return files;
}

/** Lines that a plan may rewrite: the value of config_path, and the lists and inline tables of ours. */
function mayChange({ input }: Case, line: string): boolean {
  if (input.migrate) return true;
  const plain = line.replace(/\\u([0-9a-f]{4})/g, (_, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  );
  return /config_path|endpoint|"?https?:|[{}]|docker\.io|^\s*\]|\],?\s*(#.*)?$/.test(plain);
}

/** Each edit keeps all it touches, but for an old config_path and list elements changing places. */
function keepsTheRest(file: patch.FilePlan, migrate: boolean): boolean {
  if (migrate) return true;
  const base = file.base ?? Buffer.alloc(0);
  return file.edits.every(({ offset, length }) => {
    const replaced = base.subarray(offset, offset + length).toString();
    return /^\s*$|^["'][^"'\n]*["']$/.test(replaced);
  });
}

function read(text: string): Tree | undefined {
  try {
    return parse(text, { integersAsBigInt: "asNeeded" });
  } catch {
    return undefined;
  }
}

function make(tree: Tree, path: readonly string[]): Tree {
  let table = tree;
  for (const part of path) table = (table[part] ??= {}) as Tree;
  return table;
}

/** A value as text, its keys in one order: what two values are compared by. */
function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(",")}]`;
  if (typeof value !== "object" || value === null) return `${typeof value}:${String(value)}`;
  if (Object.prototype.toString.call(value) === "[object Date]")
    return (value as Date).toISOString();
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}=${show(inner)}`).join(",")}}`;
}
