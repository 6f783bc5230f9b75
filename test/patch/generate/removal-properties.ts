import type * as patch from "../../../patch";
import { type Case } from "./containerd-config";
import { dumpAfter, type Patcher } from "./dump-after";
import { isMigrating, read, show, type Tree, urlsOf, usesHosts } from "./expected";
import { sameEndpoint } from "./wanted";

type Report = (property: string, detail: string) => never;

/** Everything that must hold for a removal of the registry from the files alone. */
export function checkRemoval(
  patcher: Patcher,
  generated: Case,
  plan: patch.Plan,
  broken: Report,
): void {
  const { input, mirrors, wanted } = generated;
  const added = plan.files.find(({ path }) => path === input.configPath);
  const certsD = filesAfter(input.certsD, plan);
  const before = read((added?.desired ?? "").toString().replace("\uFEFF", "")) ?? {};
  const asked = {
    ...input,
    ...(generated.merged !== undefined && { dump: dumpAfter(generated, before) }),
  };
  const removal = patcher.planContainerd({
    ...asked,
    bytes: added?.desired,
    certsD,
    present: false,
  });
  const main = removal.files.find(({ path }) => path === input.configPath);
  const text = main?.desired?.toString() ?? "";
  const left = read(text.replace("\uFEFF", "")) ?? broken("the result is TOML", text);

  const [ours] = wanted;
  const list = mirrorsIn(generated, left)[ours?.host ?? ""]?.["endpoint"] as string[] | undefined;
  if (list?.some((url) => urlsOf(ours as never).some((known) => sameEndpoint(known, url)))) {
    broken("removal takes the registry out", text);
  }
  const rest = [stripped(generated, before), stripped(generated, left)].map(show);
  if (rest[0] !== rest[1]) broken("removal takes nothing else out", `${rest[0]}\n${rest[1]}`);

  // What the plan put into mirrors, and that alone, comes out as it went in.
  // (As a key, which 1.x needs for an IPv6 host, it may have brought a header that stays.)
  const host = ours?.host ?? "";
  const isKey = host.startsWith("[") && input.daemonVersion.startsWith("1.");
  // An inline table of mirrors stays, because it may have been there and empty.
  const isInline = /mirrors["']? *= *\{/.test(added?.desired?.toString() ?? "");
  const onlyAdded = wanted.length === 1 && !(host in mirrors) && !isKey && !isInline;
  if (
    !usesHosts(generated) &&
    onlyAdded &&
    !main?.desired?.equals(added?.base ?? Buffer.alloc(0))
  ) {
    broken("removal is the inverse", text);
  }
  const marked = removal.files.filter(
    ({ path, base }) => path !== input.configPath && base?.toString().startsWith("# Written by"),
  );
  if (marked.some(({ desired }) => desired !== undefined))
    broken("our hosts.toml goes", "it stays");
  if (!isMigrating(generated) && usesHosts(generated) && marked.length === 0) {
    const adopted = generated.features.has("a foreign hosts.toml that leads there");
    if (!adopted) broken("our hosts.toml goes", "there is none");
  }

  const again = patcher.planContainerd({
    ...asked,
    bytes: main?.desired,
    certsD: filesAfter(certsD, removal),
    present: false,
  });
  if (again.files.some(({ edits }) => edits.length > 0)) {
    broken("removal twice is once", JSON.stringify(again.files.map(({ edits }) => edits)));
  }
}

function filesAfter(files: ReadonlyMap<string, Buffer>, plan: patch.Plan): Map<string, Buffer> {
  const after = new Map(files);
  for (const { path, desired } of plan.files) {
    if (desired === undefined) after.delete(path);
    else if (path.endsWith("/hosts.toml")) after.set(path, desired);
  }
  return after;
}

function mirrorsIn({ registry }: Case, tree: Tree): Record<string, Tree> {
  let table: Tree | undefined = tree;
  for (const part of [...registry, "mirrors"]) table = table?.[part] as Tree | undefined;
  return (table ?? {}) as Record<string, Tree>;
}

/**
 * The text without what a removal may remove: our mirror, config_path, and anything that is empty or useless without
 * them.
 */
function stripped({ registry, addVersion, wanted }: Case, tree: Tree): Tree {
  const copy = structuredClone(tree);
  const tables = [copy];
  for (const part of registry) tables.push((tables.at(-1)?.[part] ?? {}) as Tree);
  const table = tables.at(-1) as Tree;
  delete table["config_path"];
  const mirrors = (table["mirrors"] ?? {}) as Tree;
  delete mirrors[wanted[0]?.host ?? ""];
  if (Object.keys(mirrors).length === 0) delete table["mirrors"];
  for (let depth = registry.length; depth > 0; depth--) {
    const below = tables[depth] as Tree;
    if (Object.keys(below).length === 0) delete tables[depth - 1]?.[registry[depth - 1] as string];
  }
  if (addVersion !== undefined) delete copy["version"];
  return copy;
}
