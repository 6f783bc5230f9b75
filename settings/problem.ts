/** One mistake in the configuration: its place, the expected value and the actual one. */
export interface Problem {
  /** Property path as `pulumi config set --path` takes it, e.g. `nodes[1].address`. */
  readonly path: string;
  readonly reason: string;
}

/** Property path in Pulumi's notation. */
export function propertyPath(parts: readonly PropertyKey[]): string {
  let path = "";
  for (const part of parts) {
    if (typeof part === "number") path += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(String(part)))
      path += path === "" ? String(part) : `.${String(part)}`;
    else path += `["${String(part)}"]`;
  }
  return path;
}

/** Reports all mistakes of a configuration at once, so that a person can correct them in one go. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(problemList("The configuration", problems, "cluster-registry:"));
    this.name = "SettingsError";
  }
}

/** `subject` has problems, each at its path. */
export function problemList(subject: string, problems: readonly Problem[], prefix = ""): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = problems.map(({ path, reason }) => `  ${prefix}${path}: ${reason}`);
  return `${subject} has ${count}; no host was changed:\n${lines.join("\n")}`;
}
