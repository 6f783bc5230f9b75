import { splitUrl, withScheme } from "../address";
import { type Source } from "../source";
import { type TextEdit } from "../text-edit";
import { arrangeArray } from "../toml/array";
import { type Change } from "../toml/judged";
import { placeKey } from "../toml/place";
import { isTable, stringsOf } from "../toml/value";
import { tomlArray } from "../toml/write";
import { type CriConfig, wrongType } from "./config";
import { isUnreadInHeader } from "./go-toml";

/** The edits of one file, and the note if there are none. */
export interface Step {
  edits: TextEdit[];
  changes: Change[];
  notes: string[];
}

/**
 * The old way, as in the lesson: `registry.mirrors."<host>"` with a list of endpoints. Endpoints of others in the list
 * stay.
 */
export function mirrorStep(config: CriConfig, host: string, urls: readonly string[]): Step {
  const { document, registry } = config;
  const path = [...registry, "mirrors", mirrorKey(host)];
  const endpointPath = [...path, "endpoint"];
  const existing = endpointsOf(config, host);
  const change: Change = {
    path: endpointPath,
    means: (after) => holdsInOrder(stringsOf(after), urls, existing ?? []),
  };
  if (existing === undefined) {
    const list = tomlArray(urls, document.quote);
    const key = mirrorKey(host);
    const inline = isUnreadInHeader(key, config.daemon) && !Object.hasOwn(config.mirrors, key);
    const edit = inline
      ? placeKey(document, path.slice(0, -1), key, `{ endpoint = ${list} }`)
      : placeKey(document, path, "endpoint", list);
    return { edits: [edit], changes: [change], notes: [] };
  }
  const list = document.definitions(endpointPath)[0];
  if (list === undefined || list.kind === "table")
    throw wrongType(document, endpointPath, "a list");
  const edits = arrangeArray(
    document.text,
    list.element,
    existing,
    urls,
    document.quote,
    sameMirror,
  );
  if (edits.length > 0) return { edits, changes: [change], notes: [] };
  const note = `${document.source.path}: ${host} is already in mirrors${lineOf(document.source, list.start)}`;
  return { edits: [], changes: [], notes: [note] };
}

/** A host's endpoints; undefined if it has no list. */
export function endpointsOf(config: CriConfig, host: string): string[] | undefined {
  const entry = config.mirrors[mirrorKey(host)];
  const path = [...config.registry, "mirrors", mirrorKey(host)];
  if (entry === undefined) return undefined;
  if (!isTable(entry)) throw wrongType(config.document, path, "a table");
  if (entry["endpoint"] === undefined) return undefined;
  const endpoints = stringsOf(entry["endpoint"]);
  if (endpoints === undefined) {
    throw wrongType(config.document, [...path, "endpoint"], "an array of strings");
  }
  return endpoints;
}

/** The key for all other hosts: `*` in `mirrors`, and `_default` as a folder. */
export function mirrorKey(host: string): string {
  return host === "_default" ? "*" : host;
}

/**
 * Whether containerd treats two `endpoint` entries as the same. It adds /v2 to a URL without a path, and uses one with
 * a path as it is. So a single slash at the end makes another endpoint, which fails.
 */
export function sameMirror(a: string, b: string): boolean {
  return a === b || canonical(a) === canonical(b);
}

function canonical(endpoint: string): string {
  const parts = splitUrl(withScheme(endpoint));
  if (parts === undefined || parts.userinfo !== undefined || parts.rest !== "") return endpoint;
  const { scheme, address, path } = parts;
  const root = path === "" ? "/v2" : path === "/" ? "/" : path.replace(/\/+$/, "");
  return `${scheme}://${address.text}${root}`;
}

/** Whether the wanted endpoints are there in their order, and no other one is missing, new, or moved. */
export function holdsInOrder(
  after: readonly string[] | undefined,
  wanted: readonly string[],
  before: readonly string[],
): boolean {
  if (after === undefined) return false;
  const isWanted = (url: string): boolean => wanted.some((other) => sameMirror(url, other));
  const ours = after
    .filter(isWanted)
    .filter((url, index, all) => all.findIndex((other) => sameMirror(url, other)) === index);
  const others = after.filter((url) => !isWanted(url));
  const othersBefore = before.filter((url) => !isWanted(url));
  return (
    ours.length === wanted.length &&
    wanted.every((url, index) => sameMirror(url, ours[index] ?? "")) &&
    others.length === othersBefore.length &&
    others.every((url, index) => url === othersBefore[index])
  );
}

function lineOf(source: Source, offset: number): string {
  return `, line ${source.position(offset).line}`;
}
