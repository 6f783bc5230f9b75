/**
 * The stack's configuration as plain values. Pulumi hands every value over as text, objects and lists as JSON.
 *
 * @param all  every value by its full key, as `pulumi.runtime.allConfig()` gives it
 * @param project  the project's name: other projects' and providers' keys are not ours
 */
export function configValues(
  all: Record<string, string>,
  project: string,
): Record<string, unknown> {
  const own = Object.entries(all).filter(([key]) => key.startsWith(`${project}:`));
  const values = Object.fromEntries(
    own.map(([key, text]) => [key.slice(project.length + 1), parse(text)]),
  );
  configurations.add(values);
  return values;
}

const configurations = new WeakSet<object>();

/** Do these values come from the stack's configuration, so that a problem is named by its key there? */
export function isConfiguration(values: object): boolean {
  return configurations.has(values);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // a plain string, such as `apt`
  }
}
