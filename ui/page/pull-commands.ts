import type { Kind } from "../../registry/manifest";

/** A command to copy, and what it does. */
export interface Command {
  readonly label: string;
  readonly text: string;
}

/** The commands that pull what a tag names: by its tag, and by its digest, which never changes. */
export function pullCommands(
  registry: string,
  repository: string,
  tag: string,
  digest: string,
  kind: Kind,
): Command[] {
  const name = `${registry}/${repository}`;
  if (kind === "image" || kind === "index")
    return [
      { label: "Pull by tag", text: `docker pull ${name}:${tag}` },
      { label: "Pull by digest", text: `docker pull ${name}@${digest}` },
      { label: "In a Pod", text: `image: ${name}:${tag}` },
    ];
  if (kind === "chart")
    return [
      // Helm writes a plus sign of a version as an underscore.
      {
        label: "Pull the chart",
        text: `helm pull oci://${name} --version ${tag.replaceAll("_", "+")} --plain-http`,
      },
      { label: "By digest", text: `${name}@${digest}` },
    ];
  return [
    { label: "By tag", text: `${name}:${tag}` },
    { label: "By digest", text: `${name}@${digest}` },
  ];
}
