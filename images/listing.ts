/** A tag as the registry's files have it. */
export interface StoredTag {
  readonly repository: string;
  readonly name: string;
  readonly digest: string;
  /** When the tag was pushed last, in seconds since 1970. */
  readonly pushed: number;
}

/** A manifest that a repository holds, with or without a tag. */
export interface StoredRevision {
  readonly repository: string;
  readonly digest: string;
  /** When it was pushed, in seconds since 1970. */
  readonly pushed: number;
}

/** The registry's container, as far as it matters here. */
export interface RegistryProcess {
  readonly id: string;
  /** The path of its configuration file in the container; undefined if its command line names none. */
  readonly configPath?: string;
  /** Settings by environment, such as REGISTRY_STORAGE_DELETE_ENABLED. */
  readonly env: Readonly<Record<string, string>>;
  readonly running: boolean;
}

/** What the registry's host has, read from the files below the registry's data folder. */
export interface Listing {
  /** The host's clock, by which all times here are, in seconds since 1970. */
  readonly now: number;
  readonly container: RegistryProcess;
  /** The server's own version, such as 3.1.2; undefined if it does not say one. */
  readonly version?: string;
  /** The folder on the host; undefined if the images are not on the host, as with S3. */
  readonly folder?: string;
  /** In bytes. */
  readonly disk?: { readonly size: number; readonly free: number };
  readonly tags: readonly StoredTag[];
  readonly revisions: readonly StoredRevision[];
  /** Pushes that have begun and not ended, with the time of the last byte, in seconds since 1970. */
  readonly uploads: readonly { readonly repository: string; readonly changed: number }[];
  readonly repositories: readonly string[];
  /** Sizes in bytes by digest, of manifests too. */
  readonly blobs: ReadonlyMap<string, number>;
  /** How many errors the registry logged in 24 hours, and the last of them. */
  readonly errors: { readonly count: number; readonly last: readonly string[] };
}

/**
 * Reads the output of shell/list.sh.
 * @throws Error if it is incomplete
 */
export function parseListing(text: string): Listing {
  const lines = text.split("\n");
  if (lines[0] !== "cluster-registry-listing 1" || !lines.includes("end"))
    throw new Error("the listing of the registry's files is incomplete; run the command again");
  let container: RegistryProcess | undefined;
  let now: number | undefined;
  const found: {
    version?: string;
    folder?: string;
    disk?: { size: number; free: number };
    count: number;
  } = { count: 0 };
  const tags: StoredTag[] = [];
  const revisions: StoredRevision[] = [];
  const uploads = new Map<string, { repository: string; changed: number }>();
  const repositories: string[] = [];
  const blobs = new Map<string, number>();
  const last: string[] = [];
  for (const line of lines) {
    const space = line.indexOf(" ");
    const [kind, rest] = [line.slice(0, space), line.slice(space + 1)];
    const words = rest.split(" ");
    switch (kind) {
      case "inspect":
        container = processOf(JSON.parse(rest));
        break;
      case "now":
        now = Number(rest);
        break;
      case "version":
        found.version = /\bv?(\d+\.\d+\.\d+\S*)/.exec(rest)?.[1] ?? rest;
        break;
      case "folder":
        found.folder = rest;
        break;
      case "disk":
        found.disk = { size: Number(words[0]) * 1024, free: Number(words[1]) * 1024 };
        break;
      case "tag": {
        const path = inRepository(words[1], /^_manifests\/tags\/([^/]+)\/current\/link$/);
        const digest = words[2] ?? "";
        if (path && isDigest(digest))
          tags.push({ ...path.of, name: path.parts[0]!, digest, pushed: Number(words[0]) });
        break;
      }
      case "revision": {
        const path = inRepository(words[1], /^_manifests\/revisions\/([^/]+)\/([^/]+)\/link$/);
        if (path)
          revisions.push({ ...path.of, digest: path.parts.join(":"), pushed: Number(words[0]) });
        break;
      }
      case "upload": {
        const path = inRepository(words[1], /^_uploads\/([^/]+)\//);
        if (path === undefined) break;
        const id = path.parts[0]!;
        const changed = Math.max(uploads.get(id)?.changed ?? 0, Number(words[0]));
        uploads.set(id, { ...path.of, changed });
        break;
      }
      case "repository": {
        const path = inRepository(rest, /^_layers$/);
        if (path) repositories.push(path.of.repository);
        break;
      }
      case "blob": {
        const path = /^([^/]+)\/[^/]+\/([^/]+)\/data$/.exec(words[1] ?? "");
        if (path) blobs.set(`${path[1]}:${path[2]}`, Number(words[0]));
        break;
      }
      case "errors":
        found.count = Number(rest);
        break;
      case "error":
        last.push(rest);
        break;
    }
  }
  if (container === undefined || now === undefined)
    throw new Error("the listing does not describe the container, or has no time");
  const { count, ...rest } = found;
  return {
    now,
    container,
    ...rest,
    tags,
    revisions,
    uploads: [...uploads.values()],
    repositories: repositories.sort(),
    blobs,
    errors: { count, last },
  };
}

/**
 * The repository that a path lies in, and what a pattern finds in the rest of the path. The repository ends at the first
 * part with an underscore in front, because no repository has one there. A tag can have one, also `_layers`.
 */
function inRepository(
  path: string | undefined,
  pattern: RegExp,
): { of: { repository: string }; parts: string[] } | undefined {
  const [, repository, rest] = /^(.+?)\/(_.*)$/.exec(path ?? "") ?? [];
  const [whole, ...parts] = pattern.exec(rest ?? "") ?? [];
  if (repository === undefined || whole === undefined) return undefined;
  return { of: { repository }, parts };
}

function processOf(inspected: unknown): RegistryProcess {
  const { Id, Path, Args, Config, State } = inspected as {
    Id: string;
    Path: string;
    Args: string[];
    Config: { Env: string[] | null };
    State: { Running: boolean };
  };
  const configPath = [Path, ...Args].find((word) => /^\/.*\.ya?ml$/.test(word));
  return {
    id: Id,
    running: State.Running,
    env: Object.fromEntries(
      (Config.Env ?? []).map((line) => {
        const at = line.indexOf("=");
        return [line.slice(0, at), line.slice(at + 1)];
      }),
    ),
    ...(configPath !== undefined && { configPath }),
  };
}

const isDigest = (text: string) => /^[a-z0-9]+:[0-9a-f]{32,}$/.test(text);

/** Groups what repositories hold by the repository's name. */
export function byRepository<Item extends { repository: string }>(
  items: readonly Item[],
): Map<string, Item[]> {
  const found = new Map<string, Item[]>();
  for (const item of items) {
    const list = found.get(item.repository);
    if (list === undefined) found.set(item.repository, [item]);
    else list.push(item);
  }
  return found;
}
