/** A resource as the program requests it, and the state that follows from it. */
import { bareState, type CustomTimeouts, type ResourceState } from "../state/resource";
import type { PropertyMap } from "../values/property";

export interface AliasSpec {
  urn?: string;
  name?: string;
  type?: string;
  stack?: string;
  project?: string;
  parent?: string;
  noParent?: boolean;
}

export interface Goal {
  type: string;
  name: string;
  custom: boolean;
  inputs: PropertyMap;
  parent: string;
  provider: string;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
  protect: boolean;
  /** Undefined: the provider decides. */
  deleteBeforeReplace?: boolean;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  additionalSecretOutputs: string[];
  aliases: AliasSpec[];
  /** If not empty, the existing resource with this id is imported. */
  importId: string;
  customTimeouts: CustomTimeouts;
  retainOnDelete: boolean;
  deletedWith: string;
  sourcePosition?: string;
  stackTrace: { sourcePosition?: string }[];
}

export const emptyGoal = (type: string, name: string, custom: boolean): Goal => ({
  type,
  name,
  custom,
  inputs: {},
  parent: "",
  provider: "",
  dependencies: [],
  propertyDependencies: {},
  protect: false,
  ignoreChanges: [],
  replaceOnChanges: [],
  additionalSecretOutputs: [],
  aliases: [],
  importId: "",
  customTimeouts: {},
  retainOnDelete: false,
  deletedWith: "",
  stackTrace: [],
});

export function stateOf(goal: Goal, urn: string, old: ResourceState | undefined): ResourceState {
  const state: ResourceState = {
    ...bareState(urn, goal.type, goal.custom),
    inputs: goal.inputs,
    protect: goal.protect,
    dependencies: goal.dependencies,
    propertyDependencies: goal.propertyDependencies,
    additionalSecretOutputs: goal.additionalSecretOutputs,
    customTimeouts: goal.customTimeouts,
    retainOnDelete: goal.retainOnDelete,
    stackTrace: goal.stackTrace,
    ignoreChanges: goal.ignoreChanges,
    replaceOnChanges: goal.replaceOnChanges,
    extra: old?.extra ?? {},
  };
  const optional = {
    parent: goal.parent,
    provider: goal.provider,
    importID: goal.importId,
    deletedWith: goal.deletedWith,
    sourcePosition: goal.sourcePosition,
    created: old?.created,
    modified: old?.modified,
  };
  for (const [key, value] of Object.entries(optional))
    if (value) Object.assign(state, { [key]: value });
  return state;
}

/** Converts Go's durations, `1h30m`, to seconds. */
export function parseDuration(text: string): number {
  const units: Record<string, number> = {
    h: 3600,
    m: 60,
    s: 1,
    ms: 1e-3,
    us: 1e-6,
    µs: 1e-6,
    ns: 1e-9,
  };
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ms|us|µs|ns|h|m|s)/g)];
  if (parts.length === 0 || parts.map((p) => p[0]).join("") !== text) {
    throw new Error(
      `customTimeouts: ${JSON.stringify(text)} is not a duration such as "30s" or "1h30m"`,
    );
  }
  return parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ""] ?? 0),
    0,
  );
}
