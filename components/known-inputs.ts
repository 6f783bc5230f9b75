import * as pulumi from "@pulumi/pulumi";

/**
 * The internals of an Output, which the SDK's types leave out. `apply` cannot be used here: it does not run while a
 * value is unknown.
 */
interface Inside {
  readonly isKnown: Promise<boolean>;
  readonly isSecret: Promise<boolean>;
  promise(withUnknowns: boolean): Promise<unknown>;
}

/** Is the whole value known? In a preview, the values of a resource that does not exist yet are unknown. */
export function isKnown(output: pulumi.Output<unknown>): Promise<boolean> {
  return (output as unknown as Inside).isKnown;
}

/**
 * The same value, without the resources that it comes from: what uses it waits for it, and does not depend on them in the
 * state.
 */
export function withoutDependencies<T>(output: pulumi.Output<T>): pulumi.Output<T> {
  const inside = output as unknown as Inside;
  const Plain = pulumi.Output as unknown as new (...parts: unknown[]) => pulumi.Output<T>;
  const none = new Set<pulumi.Resource>();
  const value = inside.promise(true);
  return new Plain(none, value, inside.isKnown, inside.isSecret, Promise.resolve(none));
}

/** Arguments as plain values, without those that are not known yet. */
export interface KnownInputs {
  readonly values: Record<string, unknown>;
  /** Paths of the unknown values, such as `nodes[1].address`. */
  readonly unknown: readonly string[];
}

/** Waits for every input, at any depth. */
export async function knownInputs(args: object): Promise<KnownInputs> {
  const unknown: string[] = [];
  const values = (await plain(args, "", unknown)) as Record<string, unknown>;
  return { values, unknown };
}

async function plain(given: unknown, path: string, unknown: string[]): Promise<unknown> {
  if (pulumi.Output.isInstance(given)) {
    const inside = given as unknown as Inside;
    const [known, value] = await Promise.all([inside.isKnown, inside.promise(true)]);
    if (known) return plain(value, path, unknown);
    const before = unknown.length;
    const found = value === undefined ? value : await plain(value, path, unknown);
    if (unknown.length === before) unknown.push(path);
    return found;
  }
  const value = await given;
  if (pulumi.isUnknown(value)) {
    unknown.push(path);
    return undefined;
  }
  if (pulumi.Resource.isInstance(value)) return "a resource";
  if (Array.isArray(value))
    return Promise.all(value.map((each, index) => plain(each, `${path}[${index}]`, unknown)));
  if (typeof value !== "object" || value === null) return value;
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, inner]) => {
      const at = /^[A-Za-z_][\w-]*$/.test(key)
        ? `${path}${path === "" ? "" : "."}${key}`
        : `${path}["${key}"]`;
      return [key, await plain(inner, at, unknown)] as const;
    }),
  );
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}
