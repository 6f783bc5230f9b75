import { existsSync } from "node:fs";
import { join } from "node:path";
import { imageNameProblems } from "../settings/image-name";
import { type Problem, problemList } from "../settings/problem";
import { refusal } from "./refusal";

/** The arguments of an AppImage with their defaults, without its host. */
export interface ImageArguments {
  readonly registry: string;
  readonly name: string;
  readonly version: string;
  readonly context: string;
  readonly dockerfile: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly platform?: string;
  readonly mutable: boolean;
}

const KNOWN: readonly string[] = [
  "host",
  "registry",
  "name",
  "version",
  "context",
  "dockerfile",
  "buildArgs",
  "platform",
  "mutable",
] satisfies ("host" | keyof ImageArguments)[];

/**
 * Checks the arguments and adds the defaults.
 *
 * @param resource the resource's name
 * @param unknown  arguments whose values a preview does not know yet: they are not checked, and have no meaning in the
 * result
 * @throws RunError with every problem
 */
export function imageArguments(
  resource: string,
  values: Partial<ImageArguments>,
  unknown: readonly string[] = [],
): ImageArguments {
  const { registry = "", name = resource, version = "", context = "", platform } = values;
  const { dockerfile = join(context, "Dockerfile"), buildArgs = {}, mutable = false } = values;
  const problems: Problem[] = [
    ...Object.keys(values)
      .filter((key) => !KNOWN.includes(key))
      .map((path) => ({ path, reason: `unknown key (known here: ${KNOWN.join(", ")})` })),
    ...imageNameProblems(registry, name, version),
    ...fileProblems(context, dockerfile),
  ].filter(({ path }) => !unknown.includes(path));
  if (problems.length > 0) throw refusal(problemList(`AppImage ${resource}`, problems));
  const given = { registry, name, version, context, dockerfile, buildArgs, mutable };
  return platform === undefined ? given : { ...given, platform };
}

function fileProblems(context: string, dockerfile: string): Problem[] {
  if (context === "" || !existsSync(context))
    return [
      { path: "context", reason: `expected a folder, found none at ${JSON.stringify(context)}` },
    ];
  if (!existsSync(dockerfile))
    return [
      {
        path: "dockerfile",
        reason: `expected a file, found none at ${JSON.stringify(dockerfile)}`,
      },
    ];
  return [];
}

/** The image's name with its registry and its tag. */
export const referenceOf = ({ registry, name, version }: ImageArguments): string =>
  `${registry}/${name}:${version}`;
