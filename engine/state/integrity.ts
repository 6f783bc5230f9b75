/** Pulumi's rules for a well-formed state. Every write is checked, and the engine refuses to work on a broken state. */
import { isProviderType, type ResourceState } from "./resource";

/** The first rule that the list breaks, or undefined. */
export function integrityError(resources: readonly ResourceState[]): string | undefined {
  const urns = new Set<string>();
  const live = new Set<string>();
  const providers = new Set<string>();
  const later = (urn: string): string =>
    resources.some((r) => r.urn === urn) ? "which comes after it" : "which is missing";
  for (const state of resources) {
    const { urn } = state;
    if (!state.custom && state.id) return `component ${urn} has an id`;
    if (isProviderType(state.type)) providers.add(`${urn}::${state.id ?? ""}`);
    if (state.provider && !providers.has(state.provider) && !state.pendingReplacement) {
      return `resource ${urn} refers to unknown provider ${state.provider}`;
    }
    if (state.parent && !urns.has(state.parent)) {
      return `resource ${urn} has the parent ${state.parent}, ${later(state.parent)}`;
    }
    for (const dependency of [
      ...state.dependencies,
      ...Object.values(state.propertyDependencies).flat(),
    ]) {
      if (!urns.has(dependency))
        return `resource ${urn} depends on ${dependency}, ${later(dependency)}`;
    }
    if (state.deletedWith && !urns.has(state.deletedWith)) {
      return `resource ${urn} is deleted with ${state.deletedWith}, ${later(state.deletedWith)}`;
    }
    if (live.has(urn) && !state.delete) return `resource ${urn} is there twice`;
    urns.add(urn);
    if (!state.delete) live.add(urn);
  }
  return undefined;
}
