import type { ImageUse } from "../kube/images";

/** containerd's name for the mirrors of every registry without mirrors of its own. */
const ANY = "_default";

/** What the cluster uses of one registry. */
export class InUse {
  /** The Pods and workloads by `REPOSITORY:TAG` or `REPOSITORY@DIGEST`. */
  private readonly byImage = new Map<string, Set<string>>();
  private readonly byUser = new Map<string, Set<string>>();

  /**
   * @param names the registry's name in image references, and the names that the nodes' mirrors send to it, such as
   * `docker.io`; `_default` for all names
   */
  constructor(uses: readonly ImageUse[], names: readonly string[]) {
    for (const { image, by } of uses) {
      const reference = parseReference(image);
      if (reference === undefined) continue;
      if (!names.includes(reference.registry) && !names.includes(ANY)) continue;
      const { repository, tag = "latest", digest } = reference;
      const own = digest === undefined ? `${repository}:${tag}` : `${repository}@${digest}`;
      note(this.byImage, own, by);
      note(this.byUser, by, own);
    }
  }

  /** Each Pod and workload with what it needs, as `REPOSITORY:TAG` or `REPOSITORY@DIGEST`. */
  get users(): { by: string; images: string[] }[] {
    return [...this.byUser].map(([by, images]) => ({ by, images: [...images] }));
  }

  /** The Pods and workloads that need a tag, if one is given, or one of the digests. */
  usersOf(repository: string, tag: string | undefined, digests: readonly string[]): string[] {
    const images = [
      ...(tag === undefined ? [] : [`${repository}:${tag}`]),
      ...digests.map((digest) => `${repository}@${digest}`),
    ];
    return [...new Set(images.flatMap((image) => [...(this.byImage.get(image) ?? [])]))].sort();
  }
}

function note(found: Map<string, Set<string>>, key: string, value: string): void {
  const values = found.get(key);
  if (values === undefined) found.set(key, new Set([value]));
  else values.add(value);
}

export interface Reference {
  /** `docker.io` if the reference names none. */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/**
 * The parts of an image reference, with the names that Docker and containerd complete. Undefined if it is only a digest.
 * Source: github.com/distribution/reference.
 */
export function parseReference(image: string): Reference | undefined {
  const [name, digest] = splitAt(image, image.indexOf("@"));
  if (name === "" || /^sha256$/.test(name.split(":")[0]!)) return undefined;
  const colon = name.lastIndexOf(":");
  const [path, tag] = colon > name.lastIndexOf("/") ? splitAt(name, colon) : [name, undefined];
  const { registry = "docker.io", rest } = splitRegistry(path);
  const repository = registry === "docker.io" && !rest.includes("/") ? `library/${rest}` : rest;
  return {
    registry,
    repository,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  };
}

/** Takes the registry off a name. The first part is a registry if it has a dot or a port, or is `localhost`. */
export function splitRegistry(name: string): { registry?: string; rest: string } {
  const [first, rest] = splitAt(name, name.indexOf("/"));
  const isRegistry = rest !== undefined && (/[.:]/.test(first) || first === "localhost");
  return isRegistry ? { registry: first, rest } : { rest: name };
}

function splitAt(text: string, at: number): [string, string | undefined] {
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
