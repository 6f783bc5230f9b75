import type { Problem } from "./problem";

const PART = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const REPOSITORY = new RegExp(`^${PART}(?:/${PART})*$`);
const VERSION = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** The mistakes in an image's repository and version, each with the right name. @param registry  `ADDRESS:PORT` */
export function imageNameProblems(registry: string, name: string, version: string): Problem[] {
  const problems: Problem[] = [];
  const say = (path: string, reason: string) => problems.push({ path, reason });
  const [first = "", ...rest] = name.split("/");
  const tag = /:([^/]*)$/.exec(name)?.[1];
  const bare = rest.join("/");
  if (rest.length > 0 && (/[.:]/.test(first) || first === "localhost")) {
    const what =
      first === registry
        ? "the registry's own prefix is added to it"
        : `${first} is another registry`;
    say(
      "name",
      `expected a name without a registry, found ${JSON.stringify(name)}: ${what}; write ${JSON.stringify(bare.replace(/:[^/]*$/, ""))}`,
    );
  } else if (tag !== undefined)
    say(
      "name",
      `expected a name without a tag, found ${JSON.stringify(name)}: write ${JSON.stringify(name.replace(/:[^/]*$/, ""))} and version ${JSON.stringify(tag)}`,
    );
  else if (!REPOSITORY.test(name)) {
    const lower = name.toLowerCase();
    const fix = REPOSITORY.test(lower) ? `: write ${JSON.stringify(lower)}` : "";
    say(
      "name",
      `expected lower-case letters and digits, with single . _ or - between them and / between parts, found ${JSON.stringify(name)}${fix}`,
    );
  }
  if (!VERSION.test(version))
    say(
      "version",
      `expected a tag of at most 128 letters, digits, _ . and -, which does not begin with . or -, found ${JSON.stringify(version)}`,
    );
  return problems;
}
