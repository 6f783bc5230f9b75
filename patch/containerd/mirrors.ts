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

/** What is to be done in one file, and what to say where nothing is. */
export interface Step {
  edits: TextEdit[];
  changes: Change[];
  notes: string[];
}

/**
 * The old way, and the lesson's: `registry.mirrors."<host>"` with its endpoint list. Endpoints of others in
 * the list stay.
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

/** A host's endpoints; undefined where it has no list. */
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

/** What stands for "any other host": a star in `mirrors`, `_default` among the folders. */
export function mirrorKey(host: string): string {
  return host === "_default" ? "*" : host;
}

/**
 * Are two `endpoint` entries one and the same to containerd? It takes a URL without a path to mean /v2, and
 * one with a path as it is: so a lone slash at the end is another endpoint (and one that fails).
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

/** The wanted ones are there in their order, and of the others none is lost, new, or moved. */
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
