/** Compares a resource of the program with the existing one. */
import type { Diff } from "../providers/provider";
import { parseReference, type ResourceState } from "../state/resource";
import { deepEquals } from "../values/property";
import { decide, replaceFor, unchanged, type Decision } from "./diff";
import { unconfigured, type Manager } from "./manager";
import type { Progress } from "./progress";
import { providerPackage } from "./provider-host";

const SOME: Diff = { changes: "some", replaces: [] };

export async function compare(
  progress: Progress,
  old: ResourceState,
  state: ResourceState,
  manager: Manager | undefined,
): Promise<Decision> {
  if (old.taint) return replaceFor("id");
  if (state.deletedWith && progress.isReplaced(state.deletedWith)) return replaceFor("deletedWith");
  if (await providerChanged(progress, old, state)) return replaceFor("provider");
  const { inputs } = state;
  if (!manager)
    return deepEquals(old.inputs, inputs) ? unchanged : decide(SOME, old.inputs, inputs);
  // Uses the present name, if an alias found the old state.
  const { urn, type } = state;
  return decide(await manager.diff({ ...old, urn, type }, inputs), old.inputs, inputs, {
    replaceOnChanges: state.replaceOnChanges,
    hasInitErrors: old.initErrors.length > 0,
    trust: manager !== unconfigured,
  });
}

/** Another provider means another resource only if the provider's diffConfig says so. */
async function providerChanged(
  progress: Progress,
  old: ResourceState,
  state: ResourceState,
): Promise<boolean> {
  if ((old.provider ?? "") === (state.provider ?? "")) return false;
  if (!old.provider || !state.provider) return true;
  const oldUrn = parseReference(old.provider).urn;
  const newUrn = parseReference(state.provider).urn;
  if (progress.aliases.taken.get(oldUrn) === newUrn) return false;
  const before = progress.base.find((r) => r.urn === oldUrn);
  const now = progress.news.get(newUrn);
  if (!before || !now) throw new Error(`failed to resolve provider reference ${state.provider}`);
  if (providerPackage(oldUrn) !== providerPackage(newUrn)) return true;
  return (await progress.host.diffConfig(before.inputs, now.type, now.inputs)).replaces.length > 0;
}
