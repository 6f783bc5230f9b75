import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { type Descriptor, parseManifest } from "../../registry/manifest";
import { count } from "../words";
import {
  closureOf,
  digestOfPath,
  INDEX_PATH,
  MARKER,
  parseIndex,
  RECORD_PATH,
  type Root,
  rootName,
  rootOf,
  type StoredManifest,
} from "./layout";
import { type Counts, parseRecord } from "./record";
import { drain, hashFor } from "./verified";

/** An archive whose content was checked. */
export interface Archive {
  readonly file: string;
  readonly roots: readonly Root[];
  readonly manifests: ReadonlyMap<string, StoredManifest>;
  /** The sizes of all blobs and manifests in bytes, by digest. */
  readonly sizes: ReadonlyMap<string, number>;
  /** The text of cluster-registry.json; undefined if another program wrote the archive. */
  readonly record?: string;
}

/** Manifests are not larger: distribution refuses them. In bytes. */
const MANIFEST_LIMIT = 4 * 1024 * 1024;

/**
 * Reads a whole archive, and checks every blob.
 * @throws Error with every problem
 */
export async function readArchive(file: string): Promise<Archive> {
  const texts = new Map<string, string>();
  const candidates = new Map<string, Buffer>();
  const sizes = new Map<string, number>();
  const problems: string[] = [];
  await eachFile(file, async (path, size, content) => {
    const name = path.replace(/^\.\//, "");
    const digest = digestOfPath(path);
    if (digest === undefined) {
      if ([MARKER.path, INDEX_PATH, RECORD_PATH].includes(name))
        texts.set(name, (await whole(content)).toString());
      return;
    }
    const hash = hashFor(digest);
    const small = size <= MANIFEST_LIMIT ? await whole(content) : undefined;
    if (small !== undefined) hash.update(small);
    else for await (const chunk of content) hash.update(chunk);
    const found = hash.digest("hex");
    if (found !== digest.split(":")[1])
      problems.push(`${name}: its content has another digest, ${found}`);
    sizes.set(digest, size);
    if (small?.[0] === "{".charCodeAt(0)) candidates.set(digest, small);
  });
  for (const name of [MARKER.path, INDEX_PATH])
    if (!texts.has(name)) problems.push(`${name} is missing`);
  if (problems.length > 0) throw damaged(file, problems);
  const record = texts.get(RECORD_PATH);
  const { roots, types } = readIndex(file, texts.get(INDEX_PATH)!, record);
  problems.push(...miscounted(roots, record));
  const manifests = manifestsOf(roots, types, candidates, problems);
  for (const root of roots) problems.push(...missingOf(root, manifests, sizes));
  if (problems.length > 0) throw damaged(file, [...new Set(problems)]);
  return { file, roots, manifests, sizes, ...(record !== undefined && { record }) };
}

const damaged = (file: string, problems: readonly string[], what = "is damaged") =>
  new Error(
    `${file} ${what}, and nothing was pushed:\n${problems.map((each) => `  ${each}`).join("\n")}`,
  );

/** The roots, and the types of their manifests by digest. */
function readIndex(file: string, text: string, record: string | undefined) {
  let entries: Descriptor[];
  try {
    entries = parseIndex(text);
  } catch (error) {
    throw damaged(file, [(error as Error).message]);
  }
  const types = new Map(entries.map(({ digest, mediaType }) => [digest, mediaType]));
  try {
    return { roots: entries.map(rootOf), types };
  } catch (error) {
    // Other programs name images in other ways.
    const what = record === undefined ? "is not from `npm run backup`" : undefined;
    throw damaged(file, [(error as Error).message], what);
  }
}

/** Where the index names more or fewer than the archive's record counts. */
function miscounted(roots: readonly Root[], record: string | undefined): string[] {
  const counts: Partial<Counts> = (record && parseRecord(record)?.counts) || {};
  const names = (some: readonly Root[]) => new Set(some.map(rootName)).size;
  const tags = names(roots.filter(({ tag }) => tag !== undefined));
  const others = names(roots) - tags;
  const compare = (named: number, text: string, counted = named) =>
    named === counted ? [] : [`${INDEX_PATH} names ${text}, and ${RECORD_PATH} counts ${counted}`];
  return [
    ...compare(tags, count(tags, "tag"), counts.tags),
    ...compare(others, `${count(others, "manifest")} without a tag`, counts.referrers),
  ];
}

/** The manifests that the roots lead to, with the types that the index or another manifest gives them. */
function manifestsOf(
  roots: readonly Root[],
  types: ReadonlyMap<string, string>,
  candidates: ReadonlyMap<string, Buffer>,
  problems: string[],
): Map<string, StoredManifest> {
  const found = new Map<string, StoredManifest>();
  const visit = (digest: string, mediaType: string) => {
    const content = candidates.get(digest);
    if (content === undefined || found.has(digest)) return;
    try {
      const manifest = parseManifest(digest, mediaType, content);
      found.set(digest, { manifest, content });
      manifest.manifests.forEach((entry) => visit(entry.digest, entry.mediaType));
    } catch (error) {
      problems.push((error as Error).message);
    }
  };
  for (const { digest } of roots) visit(digest, types.get(digest) ?? "");
  return found;
}

function missingOf(
  root: Root,
  manifests: ReadonlyMap<string, StoredManifest>,
  sizes: ReadonlyMap<string, number>,
): string[] {
  try {
    const needed = [...closureOf(manifests, [root.digest]).blobs.values()];
    return needed.flatMap(({ digest, size, urls = [] }) => {
      const found = sizes.get(digest);
      if (found === size || (found === undefined && urls.length > 0)) return [];
      return [
        `${rootName(root)}: ${digest} ${found === undefined ? "is missing" : `has ${found} bytes instead of ${size}`}`,
      ];
    });
  } catch (error) {
    return [`${rootName(root)}: ${(error as Error).message}`];
  }
}

/** Goes through the files of an archive, in their order. */
export async function eachFile(
  file: string,
  work: (path: string, size: number, content: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const reader = extract();
  let failed: Error | undefined;
  reader.on("entry", ({ name, size = 0, type }, stream, next) => {
    const content = unclosed(stream);
    const working = type === "file" ? work(name, size, content) : Promise.resolve();
    working
      .then(() => drain(content))
      .then(
        () => next(),
        (error: Error) => {
          failed = error;
          next(error);
        },
      );
  });
  try {
    await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), reader);
  } catch (error) {
    if (error === failed) throw error;
    const { syscall, code, message } = error as NodeJS.ErrnoException;
    if (code === "EISDIR")
      throw new Error(`${file} is a folder; expected a file that \`npm run backup\` wrote`, {
        cause: error,
      });
    if (syscall !== undefined) throw error;
    throw new Error(`${file} is not a whole tar archive: ${message}`, { cause: error });
  }
}

/** A reader that leaves in the middle would close the whole archive, without its reason, and wait for ever. */
function unclosed(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const iterator = stream[Symbol.asyncIterator]();
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}

async function whole(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}
