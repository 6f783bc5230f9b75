/** Pulumi's names for resources: `urn:pulumi:STACK::PROJECT::PARENTTYPE$TYPE::NAME`. */

export const STACK_TYPE = "pulumi:pulumi:Stack";

interface UrnParts {
  stack: string;
  project: string;
  /** Includes the types of the parents before it, joined by `$`. */
  qualifiedType: string;
  type: string;
  name: string;
}

export function parseUrn(urn: string): UrnParts {
  const [scheme, project, qualifiedType, ...name] = urn.split("::");
  if (!scheme?.startsWith("urn:pulumi:") || !project || !qualifiedType || name.length === 0) {
    throw new Error(`${JSON.stringify(urn)} is not a URN`);
  }
  return {
    stack: scheme.slice("urn:pulumi:".length),
    project,
    qualifiedType,
    type: qualifiedType.split("$").at(-1) ?? "",
    name: name.join("::"),
  };
}

export const urnName = (urn: string): string => parseUrn(urn).name;
export const urnType = (urn: string): string => parseUrn(urn).type;
export const isStack = (urn: string): boolean => urnType(urn) === STACK_TYPE;
/** Default providers: the engine created them, and does not show them. */
export const isDefaultProvider = (urn: string): boolean =>
  urnType(urn).startsWith("pulumi:providers:") && urnName(urn).startsWith("default");

/** A child of the stack does not have the stack's type in its URN. */
export function makeUrn(
  stack: string,
  project: string,
  parent: string,
  type: string,
  name: string,
): string {
  const parentType = parent === "" || isStack(parent) ? "" : `${parseUrn(parent).qualifiedType}$`;
  return `urn:pulumi:${stack}::${project}::${parentType}${type}::${name}`;
}
