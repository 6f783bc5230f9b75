/** One resource of a stack, as the state file holds it (Pulumi's ResourceV3), with its secrets opened. */
import type { PropertyMap } from "../values/property";

export interface CustomTimeouts {
  /** Seconds; 0 or absent: the provider's default. */
  create?: number;
  update?: number;
  delete?: number;
}

export interface ResourceState {
  urn: string;
  /** True: a provider manages it. False: a component. */
  custom: boolean;
  /** A newer resource of the same URN has replaced it, and it is still to be deleted. */
  delete?: boolean;
  id?: string;
  type: string;
  inputs: PropertyMap;
  outputs: PropertyMap;
  parent?: string;
  protect?: boolean;
  /** The next update replaces it (`pulumi state taint`). */
  taint?: boolean;
  /** Only read; this stack never creates or deletes it. */
  external?: boolean;
  dependencies: string[];
  /** Reasons why it is not fully as requested; the next update tries again. */
  initErrors: string[];
  /** `URN::ID` of its provider. */
  provider?: string;
  propertyDependencies: Record<string, string[]>;
  /** It was deleted for a replacement, and the create is still to come. */
  pendingReplacement?: boolean;
  additionalSecretOutputs: string[];
  aliases: string[];
  customTimeouts: CustomTimeouts;
  importID?: string;
  retainOnDelete?: boolean;
  deletedWith?: string;
  /** RFC 3339 in UTC. */
  created?: string;
  modified?: string;
  sourcePosition?: string;
  stackTrace: { sourcePosition?: string }[];
  ignoreChanges: string[];
  replaceOnChanges: string[];
  /** Fields that this engine keeps but does not use. */
  extra: Record<string, unknown>;
}

/** A resource with only these fields. */
export const bareState = (urn: string, type: string, custom: boolean): ResourceState => ({
  ...{ urn, type, custom, inputs: {}, outputs: {} },
  dependencies: [],
  initErrors: [],
  propertyDependencies: {},
  additionalSecretOutputs: [],
  aliases: [],
  customTimeouts: {},
  stackTrace: [],
  ignoreChanges: [],
  replaceOnChanges: [],
  extra: {},
});

export type PendingType = "creating" | "updating" | "deleting" | "reading" | "importing";

/** An operation that had begun when the state was written. After a crash, its result is unknown. */
export interface PendingOperation {
  resource: ResourceState;
  type: PendingType;
}

/** The content of one state file. */
export interface Snapshot {
  /** Dependencies come before what depends on them. */
  resources: ResourceState[];
  pending: PendingOperation[];
  /** Fields of the deployment that this engine keeps but does not use. */
  extra: Record<string, unknown>;
}

export const isProviderType = (type: string): boolean => type.startsWith("pulumi:providers:");

/** URN and id of a provider reference. */
export function parseReference(reference: string): { urn: string; id: string } {
  const at = reference.lastIndexOf("::");
  if (at < 0 || !reference.startsWith("urn:")) {
    throw new Error(`provider reference ${JSON.stringify(reference)} is not of the form URN::ID`);
  }
  return { urn: reference.slice(0, at), id: reference.slice(at + 2) };
}

/** A copy in which `change` has replaced every reference to another resource; undefined removes the reference. */
export function withReferences(
  state: ResourceState,
  change: (urn: string) => string | undefined,
): ResourceState {
  const all = (urns: string[]): string[] => urns.flatMap((urn) => change(urn) ?? []);
  const { parent, deletedWith, ...rest } = state;
  const [newParent, newDeletedWith] = [parent, deletedWith].map((urn) => urn && change(urn));
  return {
    ...rest,
    ...(newParent && { parent: newParent }),
    ...(newDeletedWith && { deletedWith: newDeletedWith }),
    dependencies: all(state.dependencies),
    propertyDependencies: Object.fromEntries(
      Object.entries(state.propertyDependencies).map(([key, urns]) => [key, all(urns)]),
    ),
  };
}

/** Every URN that must exist as long as this resource does. */
export function dependenciesOf(state: ResourceState): Set<string> {
  const urns = usedBy(state);
  if (state.parent) urns.add(state.parent);
  return urns;
}

/** The same without the parent: a child does not use its parent's values. */
export function usedBy(state: ResourceState): Set<string> {
  const urns = new Set([
    ...state.dependencies,
    ...Object.values(state.propertyDependencies).flat(),
  ]);
  if (state.provider) urns.add(parseReference(state.provider).urn);
  if (state.deletedWith) urns.add(state.deletedWith);
  return urns;
}
