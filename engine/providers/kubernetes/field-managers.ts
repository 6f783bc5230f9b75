/** Reads which manager owns which fields of an object, from its `managedFields`. */
import type { Props, Value } from "../provider";
import { isProps } from "../schema";

/**
 * The managers whose fields an update takes over, as in the real provider: the beginning of the name, and the
 * operation.
 */
const TAKEN_OVER: readonly [beginning: string, operation: string][] = [
  ["kubectl", "Apply"],
  ["kubectl", "Update"],
  ["before-first-apply", "Update"],
  ["pulumi-kubernetes", "Update"],
  ["pulumi-resource-kubernetes", "Update"],
];

/**
 * `kubectl scale` sets a Deployment's replicas through a subresource. The real provider leaves them there, and reports a
 * conflict. Here they are as much a change by kubectl as any other.
 */
const TAKEN_FROM: readonly Value[] = ["", "scale"];

/** The entries after `manager` has taken over those fields by apply; undefined if there is nothing to take over. */
export function managersAfterTakeover(
  entries: readonly Props[],
  manager: string,
): Props[] | undefined {
  const own = entries.find(
    (entry) => entry["manager"] === manager && entry["operation"] === "Apply",
  );
  const taken = entries.filter((entry) => entry !== own && isTakenOver(entry));
  if (taken.length === 0) return undefined;
  const [first = {}, ...others] = own ? [own, ...taken] : taken;
  const fields = others.reduce<Value>(
    (all, { fieldsV1 = {} }) => union(all, fieldsV1),
    first["fieldsV1"] ?? {},
  );
  const theirs = entries.filter((entry) => entry !== own && !taken.includes(entry));
  const ours: Props = { ...first, manager, operation: "Apply", fieldsV1: fields };
  // Our apply is one to the object itself, whatever the first of them was.
  delete ours["subresource"];
  return [...theirs, ours];
}

function isTakenOver({ manager, operation, subresource = "" }: Props): boolean {
  if (typeof manager !== "string" || !TAKEN_FROM.includes(subresource)) return false;
  return TAKEN_OVER.some(([start, kind]) => manager.startsWith(start) && operation === kind);
}

/** The union of two sets of fields, each a tree of names. */
function union(a: Value, b: Value): Value {
  if (!isProps(a) || !isProps(b)) return a;
  const all: Props = { ...a };
  for (const [name, below] of Object.entries(b)) all[name] = union(all[name] ?? below, below);
  return all;
}
