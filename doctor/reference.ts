import { parseReference, splitRegistry } from "../images/in-use";

/** The image that a person asks about. */
export interface Asked {
  /** What the person wrote. */
  readonly written: string;
  /** As a Pod has to write it for this registry. */
  readonly reference: string;
  /** As a node that pulls what the person wrote has it, with the parts that containerd completes. */
  readonly onNode: string;
  readonly repository: string;
  readonly tag: string;
  /** Set instead of the tag in a reference by digest. */
  readonly digest?: string;
  /** The other registry that the text names, if it is not this one. */
  readonly elsewhere?: string;
}

/** Docker's own words for an image without a registry's name. */
const HUB = "docker.io";

/**
 * Reads NAME:TAG as an image of this registry, and a full reference as it is.
 *
 * @param prefix  `ADDRESS:PORT` of the registry
 * @throws Error if the text is no image reference
 */
export function askedImage(text: string, prefix: string): Asked {
  const [, name = "", digest] = /^([^@]+)(?:@(sha256:[0-9a-f]{64}))?$/.exec(text) ?? [];
  const { registry, rest: path } = splitRegistry(name);
  const colon = path.lastIndexOf(":");
  const whole = colon < 0 ? path : path.slice(0, colon);
  const tag = colon < 0 ? "latest" : path.slice(colon + 1);
  if (!/^[a-z0-9]+([._/-]+[a-z0-9]+)*$/.test(whole) || !/^\w[\w.-]{0,127}$/.test(tag))
    throw new Error(
      `expected an image such as NAME:TAG or ${prefix}/NAME:TAG; found ${JSON.stringify(text)}`,
    );
  const elsewhere = registry !== prefix ? registry : undefined;
  const repository = elsewhere === HUB ? whole.replace(/^library\//, "") : whole;
  const end = digest === undefined ? `:${tag}` : `@${digest}`;
  const reference = `${prefix}/${repository}${end}`;
  return {
    written: text,
    reference,
    onNode: elsewhere === undefined ? reference : `${elsewhere}/${inFull(text)}${end}`,
    repository,
    tag,
    ...(digest !== undefined && { digest }),
    ...(elsewhere !== undefined && { elsewhere }),
  };
}

/** docker.io keeps the images without a folder in `library`. */
const inFull = (text: string) => parseReference(text)!.repository;
