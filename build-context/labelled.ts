/** The label that has the hash of everything that an image was built from. */
export const CONTENT_LABEL = "io.cluster-registry.content";

/**
 * The Dockerfile with the label in its last line.
 * @throws Error if the last line goes on in the next one: the label would become a part of it
 */
export function labelled(dockerfile: string, hash: string): string {
  if (/[\\`]\s*$/.test(dockerfile))
    throw new Error(
      "expected a Dockerfile whose last line ends, found one that ends with a line continuation: remove the last \\ or `",
    );
  return `${dockerfile.trimEnd()}\nLABEL ${CONTENT_LABEL}=${hash}\n`;
}

/**
 * The hash of an image that was built with this label. An image that was built from such an image inherits the label,
 * so the label has to be the image's last step.
 */
export function contentOf({
  config,
  history = [],
}: {
  config?: { Labels?: Readonly<Record<string, string>> | null };
  history?: readonly { created_by?: string }[];
}): string | undefined {
  const hash = config?.Labels?.[CONTENT_LABEL];
  const last = history.at(-1)?.created_by ?? "";
  return hash !== undefined && last.includes(`LABEL ${CONTENT_LABEL}=${hash}`) ? hash : undefined;
}
