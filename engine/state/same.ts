/** Whether two states of a resource are the same in the file. Equal values have kept their objects by then. */
import type { ResourceState } from "./resource";

/** True if nothing but the position in the program's source differs. */
export function sameButForPosition(a: ResourceState, b: ResourceState): boolean {
  const text = (s: ResourceState): string =>
    JSON.stringify(
      Object.entries({
        ...s,
        inputs: undefined,
        outputs: undefined,
        sourcePosition: undefined,
        stackTrace: undefined,
        dependencies: [...s.dependencies].sort(),
        propertyDependencies: Object.entries(s.propertyDependencies).sort(),
        // The parser leaves out fields that are false.
        protect: s.protect ?? false,
        retainOnDelete: s.retainOnDelete ?? false,
      }).sort(),
    );
  return a.inputs === b.inputs && a.outputs === b.outputs && text(a) === text(b);
}

/** True if two lists have the same resources, the same in every field. Their order depends on which of two was faster. */
export function sameResources(a: readonly ResourceState[], b: readonly ResourceState[]): boolean {
  const byUrn = new Map(b.map((resource) => [resource.urn, resource]));
  const position = (s: ResourceState): string => JSON.stringify([s.sourcePosition, s.stackTrace]);
  return (
    a.length === b.length &&
    byUrn.size === b.length &&
    a.every((resource) => {
      const other = byUrn.get(resource.urn);
      return other && sameButForPosition(resource, other) && position(resource) === position(other);
    })
  );
}
