import type * as patch from "../../../patch";
import { type Case } from "./containerd-config";
import {
  hasCertificates,
  honoursList,
  inForce,
  isInSync,
  isMigrating,
  keyOf,
  make,
  mustRefuse,
  read,
  show,
  type Tree,
  urlsOf,
  usesHosts,
} from "./expected";
import { dumpAfter, type Patcher } from "./dump-after";
import { checkHostsFiles } from "./hosts-properties";
import { checkRemoval } from "./removal-properties";
import { sameEndpoint } from "./wanted";

/** The failure of a property, with the property's name. */
export class Broken extends Error {
  constructor(
    readonly property: string,
    generated: Case,
    detail: string,
  ) {
    super(`${property} (file ${generated.seed}): ${detail}\n---\n${generated.text}\n---`);
  }
}

/**
 * Everything that must hold for one generated file. The expected values come from the model of the file, without any
 * part of the patcher.
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
  const after = read(unmarked(desired)) ?? broken("the result is TOML", desired.toString());
  const wrong = differenceFromWanted(generated, read(text.replace("\uFEFF", "")) ?? {}, after);
  if (wrong !== undefined) broken("the difference is exactly what was asked", wrong);
  checkHostsFiles(generated, plan, broken);

  for (const file of plan.files) {
    const hunks = patcher.hunks(file);
    const base = file.base ?? Buffer.alloc(0);
    if (file.edits.length === 0) {
      if (hunks.length > 0) broken("no edit, no hunk", JSON.stringify(hunks));
      continue;
    }
    if (!patcher.revert(file)) broken("reversible", JSON.stringify(hunks));
    if (isCrlf(base) && !hunks.every(({ added }) => added.every((line) => line.endsWith("\r")))) {
      broken("new lines end as the others", JSON.stringify(hunks));
    }
    if (file !== main) continue;
    const unmoved = hunks.flatMap(({ removed }) => removed);
    for (const line of unmoved) {
      if (!mayChange(generated, line)) broken("foreign lines stay", line);
    }
  }
  if (!keepsTheRest(main, input.migrate || isFirstMirror(generated)))
    broken("foreign bytes stay", desired.toString());

  const again = patcher.planContainerd({
    ...input,
    bytes: desired,
    certsD: written(generated, plan),
    ...(generated.merged !== undefined && { dump: dumpAfter(generated, after) }),
  });
  if (again.files.some(({ edits }) => edits.length > 0)) {
    broken("twice is once", JSON.stringify(again.files.map(({ edits }) => edits)));
  }
  if (again.activate !== "none") broken("no change, no restart", again.activate);
  const changed = main.edits.length > 0;
  if (plan.activate !== (changed ? "restart" : "none"))
    broken("restart when changed", plan.activate);
  if (generated.features.has("taken out again")) checkRemoval(patcher, generated, plan, broken);
  return plan.files.some(({ edits }) => edits.length > 0) ? "edited" : "in sync";
}

const unmarked = (bytes: Buffer): string => bytes.toString().replace("\uFEFF", "");

/** Whether every line of the file ends with CRLF, including the last one. */
export function isCrlf(bytes: Buffer): boolean {
  const lines = bytes.toString("latin1").split("\n");
  return lines.length > 1 && lines.pop() === "" && lines.every((line) => line.endsWith("\r"));
}

/** The difference from the wanted result; undefined if there is none. */
function differenceFromWanted(generated: Case, before: Tree, after: Tree): string | undefined {
  const { registry, mirrors, wanted, addVersion } = generated;
  const expected = structuredClone(before);
  const effective = inForce(generated);
  if (usesHosts(generated)) {
    const migrating = isMigrating(generated);
    if (migrating) delete make(expected, registry)["mirrors"];
    if (migrating && generated.tls) withoutTls(expected, after, registry);
    const isList = effective.configPath.includes(":");
    const ignored = !honoursList(generated);
    const first = effective.configPath.split(":")[0] ?? "";
    // From 2.2 on, a missing config_path is a list with Docker's folder, which counts if lists do.
    const isDockers = hasCertificates(generated, "/etc/docker/certs.d") && honoursList(generated);
    const stays = isDockers && /^2\.[23]/.test(generated.input.daemonVersion) && !migrating;
    const isNew = effective.configPath === "" && !stays;
    if (isNew) make(expected, registry)["config_path"] = "/etc/containerd/certs.d";
    else if (isList && (ignored || migrating)) make(expected, registry)["config_path"] = first;
    else if (migrating) make(expected, registry)["config_path"] = effective.configPath;
    if (addVersion !== undefined && isNew) expected["version"] = addVersion;
  } else if (!isInSync(generated)) {
    for (const host of wanted) {
      const key = keyOf(host.host);
      if (!(key in mirrors) && key in effective.mirrors) continue;
      const path = [...registry, "mirrors", key];
      const got = make(structuredClone(after), path)["endpoint"] as string[] | undefined;
      const problem = listProblem(mirrors[key] ?? [], urlsOf(host), got ?? []);
      if (problem !== undefined) return `${key}: ${problem}`;
      make(expected, path)["endpoint"] = got;
    }
  }
  return show(after) === show(expected)
    ? undefined
    : `expected ${show(expected)}\ngot      ${show(after)}`;
}

/** Removes the TLS table. Tables that become empty without it may be removed too. */
function withoutTls(expected: Tree, after: Tree, registry: readonly string[]): void {
  const [wanted, got] = [expected, after].map((tree) => make(tree, registry));
  const configs = (wanted?.["configs"] ?? {}) as Tree;
  const left = (got?.["configs"] ?? {}) as Tree;
  delete configs["tls.lan:5000"];
  if ("tls.lan:5000" in left) configs["tls.lan:5000"] = {};
  if (Object.keys(configs).length === 0 && !("configs" in (got ?? {}))) delete wanted?.["configs"];
}

/** Checks that the wanted entries are in order, the others unchanged, and nothing is new or lost. */
function listProblem(before: string[], wanted: string[], got: string[]): string | undefined {
  const isWanted = (url: string): boolean => wanted.some((known) => sameEndpoint(url, known));
  const ours = got.filter(isWanted);
  const others = before.filter((url) => !isWanted(url));
  const rest = got.filter((url) => !isWanted(url));
  const inOrder = wanted.every((url, index) => sameEndpoint(url, ours[index] ?? ""));
  if (!inOrder || ours.length !== wanted.length) {
    return `wanted ${wanted.join()}, got ${got.join()}`;
  }
  if (show(rest) !== show(others)) return `others were ${others.join()}, are ${rest.join()}`;
  return undefined;
}

/** The files after the plan is applied. */
function written({ input }: Case, plan: patch.Plan): Map<string, Buffer> {
  const files = new Map(input.certsD);
  for (const { path, desired } of plan.files) {
    if (path !== input.configPath && desired !== undefined) files.set(path, desired);
  }
  return files;
}

/** Whether the file has no own mirrors although the old way is used. Then ours are added one by one. */
function isFirstMirror(generated: Case): boolean {
  return Object.keys(generated.mirrors).length === 0 && !usesHosts(generated);
}

/** Lines that a plan may rewrite: the value of config_path, and our lists and inline tables. */
function mayChange({ input, text }: Case, line: string): boolean {
  // In a file with CRLF, a last line without a newline gets its "\r" if lines follow it.
  if (text.includes("\r\n") && text.endsWith(`\n${line}`)) return true;
  // A byte-order mark alone is not a line.
  if (input.migrate || line === "\uFEFF") return true;
  const plain = line.replace(/\\u([0-9a-f]{4})/g, (_, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  );
  return /config_path|endpoint|"?https?:|[{}]|docker\.io|^\s*\]|\],?\s*(#.*)?$/.test(plain);
}

/** Each edit keeps everything else, except an old config_path and exchanged list elements. */
function keepsTheRest(file: patch.FilePlan, byLines: boolean): boolean {
  if (byLines) return true;
  const base = file.base ?? Buffer.alloc(0);
  return file.edits.every(({ offset, length }) => {
    const replaced = base.subarray(offset, offset + length).toString();
    return /^\s*$|^["'][^"'\n]*["']$/.test(replaced);
  });
}
