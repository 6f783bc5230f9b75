import { type FilePlan, filePlan, type Plan } from "../plan";
import { Source } from "../source";
import { lineEdits } from "../line-edits";
import { removeElement } from "../toml/array";
import { type TomlDocument } from "../toml/document";
import { type Change, judged } from "../toml/judged";
import { edited, withoutPath } from "../toml/remove";
import { elementsOf } from "../toml/places";
import { stringsOf, valueAt } from "../toml/value";
import { hostsTomlPath } from "./certs-d";
import { type CriConfig, faultsOf } from "./config";
import { DEFAULT_DIRECTORY } from "./plan-hosts-toml";
import { isOurs } from "./hosts-toml";
import { type MergedRegistry } from "./merged";
import { endpointsOf, mirrorKey, sameMirror } from "./mirrors";
import { type ContainerdInput, unchangedPlan, type WantedHost } from "./input";

/**
 * Plans the removal of the registry, from the files alone: its endpoints in `mirrors`, and the hosts.toml files with
 * our mark. A config_path stays, because a file does not show who set it. (`destroy` uses the record of what was
 * written, and restores the original bytes.)
 */
export function planRemoval(
  input: ContainerdInput,
  config: CriConfig,
  merged: MergedRegistry,
  wanted: readonly WantedHost[],
): Plan {
  // A fault that keeps containerd from starting is not ours: a note names it, and our entries are removed anyway.
  const notes = faultsOf(config).map(
    ({ file, line, found, fix }) => `${file}:${line ?? 1}: stays as it is: ${found}; ${fix}`,
  );
  const directory = merged.configPath.split(":").find((part) => part !== "");
  const files = wanted.flatMap(({ host }) => {
    const path = hostsTomlPath(directory ?? DEFAULT_DIRECTORY, host, input.certsD);
    return hostsFileRemoval(path, input.certsD.get(path), notes);
  });
  let changed = config.document;
  const changes: Change[] = [];
  for (const { host, endpoints, own } of wanted) {
    if (!own && endpointsOf(config, host) !== undefined) {
      notes.push(
        `${input.configPath}: the mirrors of ${host} stay, because the file does not show who added them`,
      );
      continue;
    }
    const urls = endpoints.map(({ url }) => url);
    const step = withoutEndpoints(changed, config, host, urls);
    changed = step.document;
    changes.push(...step.changes);
  }
  if (files.length === 0 && changes.length === 0) {
    notes.push(`${input.configPath}: nothing of the registry is in it`);
  }
  if (directory !== undefined && changes.length === 0) {
    notes.push(
      `${input.configPath}: config_path = "${directory}" stays, since a file does not say who set it; without a hosts.toml it changes nothing`,
    );
  }
  if (changes.length === 0) {
    return { files: [...files, unchangedPlan(input)], notes, activate: "none" };
  }
  const edits = lineEdits(config.document.text, changed.text);
  const main = judged(config.document, input.bytes, edits, changes);
  return { files: [...files, main], notes, activate: "restart" };
}

function hostsFileRemoval(path: string, bytes: Buffer | undefined, notes: string[]): FilePlan[] {
  if (bytes === undefined) return [];
  if (!isOurs(Source.decode(path, bytes))) {
    notes.push(`${path}: stays, somebody else wrote it`);
    return [filePlan(path, bytes, [])];
  }
  return [removal(path, bytes)];
}

function removal(path: string, bytes: Buffer | undefined): FilePlan {
  const edits = [{ offset: 0, length: bytes?.length ?? 0, text: "" }];
  return { path, base: bytes, edits, desired: undefined };
}

/** Removes our endpoints. If nothing else is in the host's entry, the entry is removed with the last endpoint. */
function withoutEndpoints(
  document: TomlDocument,
  config: CriConfig,
  host: string,
  urls: readonly string[],
): { document: TomlDocument; changes: Change[] } {
  const existing = endpointsOf(config, host);
  const path = [...config.registry, "mirrors", mirrorKey(host)];
  const isOurUrl = (url: string): boolean => urls.some((ours) => sameMirror(url, ours));
  if (existing === undefined || !existing.some(isOurUrl)) return { document, changes: [] };
  const kept = existing.filter((url) => !isOurUrl(url));
  if (kept.length === 0) {
    // The entry has other keys, which are not ours, so only the list is removed.
    const others = Object.keys(valueAt(config.mirrors, [mirrorKey(host)]) ?? {});
    const gone = others.length > 1 ? [...path, "endpoint"] : path;
    const change: Change = { path: gone, means: (after) => after === undefined };
    return { document: withoutPath(document, gone), changes: [change] };
  }
  const endpointPath = [...path, "endpoint"];
  let changed = document;
  for (let left = [...existing]; left.some(isOurUrl);) {
    const [list] = changed.definitions(endpointPath);
    if (list === undefined || list.kind === "table") break; // judged() finds the rest
    const index = left.findIndex(isOurUrl);
    const elements = elementsOf(list.element.value);
    changed = edited(changed, [removeElement(changed.text, elements, index)]);
    left = left.filter((_, at) => at !== index);
  }
  const change: Change = {
    path: endpointPath,
    means: (after) => JSON.stringify(stringsOf(after)) === JSON.stringify(kept),
  };
  return { document: changed, changes: [change] };
}
